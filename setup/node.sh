# Chooses Node and sets `node_tree`, the folder with its bin/node and its include/node.
# The machine's own Node is used when it is new enough and its headers are there; otherwise one is fetched into .runtime/.

node_wanted=24
node_version=24.21.0

use_node() {
  use_machine_node && return
  fetch_node
  node_tree=$PWD/.runtime/node24/node_modules/node-linux-$(node_cpu)
}

# Headers of another version would compile raw-socket into something this Node cannot load.
use_machine_node() {
  machine_node=$(command -v node) || return 1
  version=$(node -p process.versions.node) || return 1
  [ "${version%%.*}" -ge "$node_wanted" ] || return 1
  node_tree=$(dirname "$(dirname "$(readlink -f "$machine_node")")")
  grep -qsE "NODE_MAJOR_VERSION +${version%%.*}\$" "$node_tree/include/node/node_version.h"
}

fetch_node() {
  package=node-linux-$(node_cpu)
  [ "$(cat .runtime/node24/version 2>/dev/null)" = "$node_version" ] && return
  command -v npm >/dev/null || fail "npm is needed to fetch Node $node_version and the packages. On Debian: apt install npm"

  say "Fetching Node $node_version into .runtime/node24."
  log=.runtime/log/node.txt
  npm install --prefix .runtime/node24 --no-save --ignore-scripts --no-audit --no-fund "$package@$node_version" >"$log" 2>&1 ||
    fail_with_log "$log" "Node $node_version could not be fetched: is the npm registry reachable?"
  echo "$node_version" >.runtime/node24/version
}

node_cpu() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) echo x64 ;;
    Linux-aarch64) echo arm64 ;;
    *) fail "Understudy runs on Linux, on x86_64 or arm64; this is $(uname -sm)." ;;
  esac
}
