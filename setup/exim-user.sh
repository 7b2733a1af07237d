# Debian's Exim does not start without the user Debian-exim, whom only installing the package creates. Here whoever starts Exim stands
# in for that user or, since Exim will not deliver as root, nobody. Exim clears its environment: the settings must be passed on to it.
user=$(id -u) group=$(id -g)
[ "$user" != 0 ] || { user=65534 group=65534; }
names=$here/../debian/users-$user
[ -s "$names" ] || { cat /etc/passwd; echo "Debian-exim:x:$user:$group:Exim:/:/bin/false"; } >"$names.$$"
[ -s "$names" ] || mv "$names.$$" "$names"
groups=$here/../debian/groups-$user
[ -s "$groups" ] || { cat /etc/group; echo "Debian-exim:x:$group:"; } >"$groups.$$"
[ -s "$groups" ] || mv "$groups.$$" "$groups"
export NSS_WRAPPER_PASSWD="$names" NSS_WRAPPER_GROUP="$groups" LD_PRELOAD=libnss_wrapper.so
