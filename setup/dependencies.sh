# Installs exactly what package-lock.json names, compiled for the Node in `node_tree`.

install_dependencies() {
  stamp=node_modules/.understudy-stamp
  wanted="$(sha256sum <package-lock.json) $("$node_tree/bin/node" -p 'process.arch + process.versions.modules')"
  [ "$(cat $stamp 2>/dev/null)" = "$wanted" ] && return
  need_compiler

  say "Installing the npm packages (npm ci)."
  log=.runtime/log/npm-ci.txt
  # A machine may name the headers of its own Node in its npm configuration: say which ones are meant.
  if ! with_node npm ci --include=dev --no-audit --no-fund >"$log" 2>&1 || ! loads_raw_socket >>"$log" 2>&1; then
    fail_with_log "$log" "The npm packages could not be installed: is the npm registry reachable, and does package-lock.json fit package.json?"
  fi
  echo "$wanted" >$stamp
}

# An npm that runs no install scripts unasked leaves raw-socket uncompiled.
loads_raw_socket() {
  with_node node -e 'require("raw-socket")' && return
  with_node npm rebuild --ignore-scripts=false raw-socket && with_node node -e 'require("raw-socket")'
}

with_node() {
  PATH=$node_tree/bin:$PATH npm_config_nodedir=$node_tree "$@"
}

need_compiler() {
  command -v npm >/dev/null || fail "npm is needed to install the packages. On Debian: apt install npm"
  missing=
  command -v python3 >/dev/null || missing="$missing python3"
  command -v make >/dev/null || missing="$missing make"
  command -v g++ >/dev/null || command -v c++ >/dev/null || missing="$missing g++"
  [ -z "$missing" ] || fail "raw-socket is compiled here and needs a C++ compiler, make and Python. On Debian: apt install$missing"
}
