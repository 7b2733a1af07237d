# The programs Understudy is tried beside. Those this machine lacks are unpacked from Debian's packages into .runtime/debian and
# started through small scripts in .runtime/bin. Nothing is installed: dpkg's records, /etc and the services stay as they are.

# program:package
lab_peers='named:bind9 rndc:bind9 named-checkconf:bind9-utils ip:iproute2'
test_peers="$lab_peers bridge:iproute2 dig:bind9-dnsutils nsupdate:bind9-dnsutils keepalived:keepalived nft:nftables
  mosquitto:mosquitto mosquitto_passwd:mosquitto mosquitto_pub:mosquitto-clients mosquitto_sub:mosquitto-clients
  nats-server:nats-server exim4:exim4-daemon-light tshark:tshark dumpcap:wireshark-common text2pcap:wireshark-common"

find_peers() {
  case $1 in lab) peers=$lab_peers ;; test) peers=$test_peers ;; *) return 0 ;; esac
  list_missing
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    go_without "There is no apt here to fetch them with."
  else
    fetch_peers || go_without "Debian's packages could not be fetched (log: .runtime/log/apt.txt)."
  fi
}

# A wrapper is written last, so one that is there is complete. `absent` lists the programs this release of Debian turned out not to have.
list_missing() {
  missing= packages=
  absent=" $(cat .runtime/debian/absent 2>/dev/null | tr '\n' ' ')"
  for peer in $peers; do
    program=${peer%:*} package=${peer#*:}
    [ -x ".runtime/bin/$program" ] || PATH=$machine_path command -v "$program" >/dev/null && continue
    case $absent in *" $program "*) continue ;; esac
    missing="$missing $program"
    case " $packages " in *" $package "*) ;; *) packages="$packages $package" ;; esac
  done
}

go_without() {
  say "Not on this machine:$missing. $1"
  say "What needs them is skipped. To have it too, install with your package manager:$packages"
  [ "${CI:-}" != true ] || fail "CI=true: nothing may be skipped."
}

fetch_peers() {
  say "Fetching from Debian into .runtime/debian (installing nothing):$packages"
  configure_apt
  log=.runtime/log/apt.txt
  private_apt apt-get update >"$log" 2>&1 || return 1
  choose_available
  # With dpkg's own list of what is installed, apt brings the libraries that are missing here, and those only.
  [ -n "$available" ] || return 1
  private_apt apt-get install --download-only --no-install-recommends -y $available >>"$log" 2>&1 || return 1
  unpack >>"$log" 2>&1 || return 1
  write_wrappers
  rm -rf .runtime/apt
}

# Lists, cache and state of its own: this machine's are neither needed nor changed. The hooks would clean this machine's cache.
configure_apt() {
  apt=$PWD/.runtime/apt
  mkdir -p "$apt/lists/partial" "$apt/archives/partial"
  cat >"$apt/apt.conf" <<END
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$apt";
Dir::Cache::archives "$apt/archives";
Dir::Log "$apt";
Debug::NoLocking "true";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
END
}

private_apt() {
  program=$1
  shift
  LC_ALL=C DEBIAN_FRONTEND=noninteractive "$program" -c "$apt/apt.conf" -q "$@"
}

# One unknown name would make apt fetch nothing at all.
choose_available() {
  wanted=$packages
  case $wanted in *exim4*) wanted="$wanted libnss-wrapper" ;; esac
  available=$(private_apt apt-cache show --no-all-versions $wanted 2>/dev/null | sed -n 's/^Package: //p' | tr '\n' ' ')
}

unpack() {
  mkdir -p .runtime/debian
  for deb in "$apt"/archives/*.deb; do
    dpkg-deb -x "$deb" .runtime/debian || return 1
    dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb" >>.runtime/debian/versions
  done
  # A checkout is no place for programs that give whoever starts them another user's rights.
  find .runtime/debian -type f -perm /6000 -exec chmod ug-s {} +
}

write_wrappers() {
  mkdir -p .runtime/bin
  got=
  for peer in $test_peers; do
    program=${peer%:*} package=${peer#*:}
    for folder in usr/sbin usr/bin sbin bin; do
      [ -x ".runtime/debian/$folder/$program" ] || continue
      write_wrapper "$program" "$folder/$program"
      case $got in *" $package "*) ;; *) got="$got $(grep "^$package " .runtime/debian/versions | tail -n 1)," ;; esac
      break
    done
  done
  say "Ready:${got%,}."
  list_missing
  [ -z "$missing" ] || say "This release does not have:$missing. What needs them is skipped."
  for program in $missing; do echo "$program"; done >>.runtime/debian/absent
}

# `exec`: the process, its id and its signals are the program's own. Paths are found at run time, so the checkout may be moved.
write_wrapper() {
  libraries=
  for folder in lib usr/lib; do
    for folder in .runtime/debian/$folder/*-linux-gnu; do
      [ ! -d "$folder" ] || libraries="$libraries\$here/../${folder#.runtime/}:"
    done
  done
  {
    echo '#!/bin/sh'
    echo "# Written by setup/run: starts $1 as unpacked from Debian's package, with the libraries that came with it."
    echo 'here=${0%/*}'
    echo 'case $here in /*) ;; *) here=$PWD/$here ;; esac'
    echo "export LD_LIBRARY_PATH=\"${libraries%:}\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}\""
    extra_environment "$1"
    echo "exec \"\$here/../debian/$2\" \"\$@\""
  } >".runtime/bin/$1"
  chmod +x ".runtime/bin/$1"
}

extra_environment() {
  case $1 in
    tshark | dumpcap | text2pcap) echo 'export WIRESHARK_DATA_DIR="$here/../debian/usr/share/wireshark"' ;;
    exim4) cat setup/exim-user.sh ;;
  esac
}
