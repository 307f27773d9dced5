# Shared by quickstart and test: installs Debian packages that are not there yet. To be sourced.

packages_to_build="g++ cmake ninja-build pkg-config libuv1-dev libsimdjson-dev libfmt-dev libhyperscan-dev
libcxxopts-dev libboost-dev zlib1g-dev libzstd-dev libbz2-dev liblzma-dev liblz4-dev libyaml-cpp-dev libre2-dev"

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages LOG PACKAGE...: quiet unless it fails; says nothing if there is nothing to do.
install_packages() {
  log=$1
  shift
  missing=
  for package in "$@"; do
    is_installed "$package" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "These Debian packages are needed, and there is no apt-get here:$missing" >&2
    return 1
  fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "Run this once as root, or install:$missing" >&2
    return 1
  fi
  say "installing packages:$missing"
  {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -q update &&
      # shellcheck disable=SC2086
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -q -y \
        --no-install-recommends install $missing
  } >>"$log" 2>&1
}
