# What the build and the tests need, brought in from the distribution. Sourced by ./dev.
#
#   ensure_deps        installs what is missing; silent and fast when nothing is
#   nats_server_path   prints the server to use
#
# Two things are newer in Debian testing than in the releases we run on: nats-server and BLAKE3. They are fetched
# by apt, which checks their signatures, into a private state folder and unpacked there. Nothing of testing
# is ever installed into the system.

nats_server_version_min=2.14.4
deps_dir=$root/.build/deps
deps_root=$deps_dir/root

ensure_deps() {
    ensure_packages
    ensure_testing_packages
    ensure_browser
}

# A browser is 300 MB and only a test peer, so a developer's machine is asked nothing; a machine that proves the
# project (CI) gets one when it can. Without it the test says MISSING.
ensure_browser() {
    { [ -n "${CI:-}" ] && debian_packages >/dev/null && [ "$(id -u)" = 0 ]; } || return 0
    command -v chromium >/dev/null && return 0
    say "installing from the distribution: chromium, for one test"
    mkdir -p "$deps_dir"
    install_packages chromium >"$deps_dir/browser.log" 2>&1 ||
        say "apt could not install chromium (${deps_dir#"$root"/}/browser.log): its test will be MISSING"
}

# Boost is asked for by version: where an older one is installed, the unversioned packages would pull that.
debian_packages() {
    local boost postgres
    case "$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}")" in
    "debian 12") boost=1.81 postgres=15 ;;
    "debian 13") boost=1.83 postgres=17 ;;
    *) return 1 ;;
    esac
    echo g++ cmake ninja-build pkg-config lld ccache clang-format git curl ca-certificates \
        python3 python3-cbor2 python3-jsonschema python3-venv json-schema-test-suite \
        "libboost$boost-dev" "libboost-json$boost-dev" "libboost-url$boost-dev" \
        "libboost-container$boost-dev" "libboost-system$boost-dev" \
        libssl-dev libyaml-cpp-dev prometheus-cpp-dev catch2 libnats-dev libpq-dev libcli11-dev libre2-dev zlib1g-dev \
        "postgresql-$postgres" "postgresql-client-$postgres"
}

ensure_packages() {
    local wanted missing
    if ! wanted=$(debian_packages); then
        for tool in g++ cmake ninja pkg-config python3 git initdb; do
            command -v "$tool" >/dev/null || missing="${missing:-} $tool"
        done
        [ -z "${missing:-}" ] || die "this is not Debian 12 or 13, so install by hand what is missing:$missing" \
            "(and Boost 1.81+, OpenSSL 3, libpq, nats.c, yaml-cpp, prometheus-cpp, Catch2, CLI11, BLAKE3)"
        return 0
    fi
    # shellcheck disable=SC2086
    missing=$(comm -23 <(printf '%s\n' $wanted | sort) <(installed_packages $wanted))
    [ -n "$missing" ] || return 0
    missing=$(echo $missing)

    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; } ||
            die "these packages are missing, and there is neither root nor sudo to install them: $missing"
        as_root=(sudo)
    fi
    say "installing from the distribution: $missing"
    mkdir -p "$deps_dir"
    install_packages "$missing" ${as_root[@]+"${as_root[@]}"} >"$deps_dir/install.log" 2>&1 || {
        tail -n 20 "$deps_dir/install.log" >&2
        die "apt could not install them; all it said is in ${deps_dir#"$root"/}/install.log"
    }
}

installed_packages() {
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
        awk '$2 == "installed" { print $1 }' | sort -u
}

# install_packages "names" [sudo]
install_packages() {
    local names=$1
    shift
    local no_cluster=/etc/postgresql-common/createcluster.d/sealstream-dev.conf
    local apt=("$@" env DEBIAN_FRONTEND=noninteractive apt-get -y -qq --no-install-recommends
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120)
    local is_first_server=false
    case " $names " in *" postgresql-1"*) is_first_server=true ;; esac

    # The server's package would make and start a cluster of its own, which is not ours to have running.
    if $is_first_server && [ ! -e "$no_cluster" ]; then
        "$@" mkdir -p "${no_cluster%/*}"
        echo "create_main_cluster = false" | "$@" tee "$no_cluster" >/dev/null
    fi
    local status=0
    # shellcheck disable=SC2086
    "${apt[@]}" install $names || { "${apt[@]}" update && "${apt[@]}" install $names; } || status=$?
    if $is_first_server; then
        "$@" rm -f "$no_cluster"
    fi
    return $status
}

nats_server_is_new_enough() {
    local version
    version=$("$1" --version 2>/dev/null | sed -nE 's/^nats-server: v?([0-9.]+).*/\1/p')
    [ -n "$version" ] &&
        [ "$(printf '%s\n' "$nats_server_version_min" "$version" | sort -V | head -n 1)" = "$nats_server_version_min" ]
}

# The one given, else the one on PATH, else ours.
nats_server_path() {
    if [ -n "${NATS_SERVER:-}" ]; then
        nats_server_is_new_enough "$NATS_SERVER" ||
            die "NATS_SERVER=$NATS_SERVER is not a nats-server $nats_server_version_min or newer"
        readlink -f "$(command -v "$NATS_SERVER")"
        return
    fi
    local found
    if found=$(command -v nats-server) && nats_server_is_new_enough "$found"; then
        echo "$found"
    else
        echo "$deps_root/usr/sbin/nats-server"
    fi
}

ensure_testing_packages() {
    local missing=() server
    server=$(nats_server_path)
    [ -x "$server" ] || missing+=(nats-server)
    [ -e "$deps_root/usr/include/blake3.h" ] || [ -e /usr/include/blake3.h ] || missing+=(libblake3-dev libblake3-0)
    [ ${#missing[@]} = 0 ] && return

    command -v apt-get >/dev/null || die "missing, and there is no apt to fetch them: ${missing[*]}"
    mkdir -p "$deps_dir"
    say "fetching from Debian testing into .build/deps: ${missing[*]}"
    fetch_from_testing "${missing[@]}" >"$deps_dir/fetch.log" 2>&1 || {
        tail -n 20 "$deps_dir/fetch.log" >&2
        die "apt could not fetch ${missing[*]} from Debian testing; all it said is in .build/deps/fetch.log"
    }
    server=$(nats_server_path)
    nats_server_is_new_enough "$server" || die "$server is older than $nats_server_version_min"
}

# The mirror of the machine's own sources, whichever way they are written: apt itself lists them.
debian_mirror() {
    local codename
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v codename="$codename" '$2 == codename && $3 == "main" { print $1; exit }'
}

# A failing step must end it, and `||` at the call switches errexit off: hence the chain.
fetch_from_testing() {
    local apt_dir=$deps_dir/apt mirror
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || { echo "no apt source of this machine has the main archive"; return 1; }
    mkdir -p "$apt_dir"/{state/lists/partial,cache/archives/partial,debs} "$deps_root" &&
        : >"$apt_dir/status" &&
        cat >"$apt_dir/testing.sources" <<TEXT &&
Types: deb
URIs: $mirror
Suites: testing
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
TEXT
        cat >"$apt_dir/apt.conf" <<TEXT &&
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State "$apt_dir/state";
Dir::State::status "$apt_dir/status";
Dir::State::lists "$apt_dir/state/lists";
Dir::Cache "$apt_dir/cache";
Dir::Etc::sourcelist "$apt_dir/testing.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "root";
APT::Default-Release "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
TEXT
        apt-get -c "$apt_dir/apt.conf" -q update &&
        rm -f "$apt_dir"/debs/*.deb &&
        (cd "$apt_dir/debs" && apt-get -c "$apt_dir/apt.conf" -q download "$@") || return 1
    for deb in "$apt_dir"/debs/*.deb; do
        dpkg -x "$deb" "$deps_root" || return 1
    done
    rm -rf "$apt_dir/state/lists" "$apt_dir/cache" # 30 MB that would be stale next time
}
