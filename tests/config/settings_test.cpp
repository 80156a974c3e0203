#include "config/checks.hpp"
#include "config/keys.hpp"
#include "config/load.hpp"
#include "config/secrets.hpp"
#include "config/show.hpp"
#include "core/base/nearest_word.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/source_files.hpp"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <unistd.h>

using namespace sealstream;

namespace {

class File {
public:
    explicit File(const std::string& text)
    {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "seal-config-XXXXXX").string();
        const int descriptor = mkstemp(pattern.data());
        REQUIRE(descriptor >= 0);
        close(descriptor);
        path_ = pattern;
        std::ofstream{path_} << text;
    }
    ~File() { std::filesystem::remove(path_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

// The problems of a YAML text alone, its file called f.
std::vector<std::string> problems_of(const std::string& yaml)
{
    std::vector<std::string> problems;
    LoadedSettings loaded;
    apply(read_yaml(yaml, "f", problems), loaded, problems);
    return problems;
}

std::string read_file(const std::filesystem::path& path)
{
    std::ifstream input{path};
    std::ostringstream text;
    text << input.rdbuf();
    return text.str();
}

} // namespace

TEST_CASE("a later source wins, and each value knows where it came from", "[config]")
{
    const File file{"http:\n  listen: 127.0.0.1:1\n  admin_listen: 127.0.0.1:2\n"
                    "projector:\n  batch_events_max: 7\nlog: {level: warn}\n"};
    const auto loaded = load_settings({
        .file = file.path(),
        .environment = {"SEALSTREAM_HTTP__LISTEN=127.0.0.1:3", "SEALSTREAM_LOG__LEVEL=error",
                        "HOME=/nowhere", "SEALSTREAM_TEST_SEED=9"},
        .flags = {"log.level=debug"},
    });

    INFO((loaded ? "" : loaded.error().context));
    REQUIRE(loaded.has_value());
    CHECK(loaded->settings.http.port == 3);
    CHECK(loaded->settings.http.admin_port == 2);
    CHECK(loaded->settings.log.level == Level::debug);
    CHECK(loaded->settings.projector.batch_events_max == 7);
    CHECK(loaded->settings.auditor.checkpoint_events == 10'000);
    CHECK(loaded->origins.at("http.listen") == "environment SEALSTREAM_HTTP__LISTEN");
    CHECK(loaded->origins.at("http.admin_listen") == file.path().string() + ":3");
    CHECK(loaded->origins.at("log.level") == "--set");
    CHECK(loaded->origins.count("auditor.checkpoint_events") == 0);
}

TEST_CASE("the options of a store of operations are settings", "[config]")
{
    const auto loaded =
        load_settings({.file = sealstream::testing::source_path("docs/examples/store.yaml"),
                       .environment = {},
                       .flags = {}});
    INFO((loaded ? "" : loaded.error().context));
    REQUIRE(loaded.has_value());
    const Settings& settings = loaded->settings;
    CHECK(settings.http.port == 5101);
    CHECK(settings.limits.page_events == 100);
    CHECK(settings.limits.page_events_max == 1000);
    CHECK(settings.limits.event_bytes_max == 1'048'576);
    CHECK(settings.packs.enabled == std::vector<std::string>{"ops=/"});
    CHECK(settings.retention.key_file == "/etc/sealstream/wrapping.key");
    CHECK(settings.retention.poll == std::chrono::minutes{1});
    CHECK(settings.auditor.checkpoint_wait == std::chrono::seconds{1});
}

TEST_CASE("all problems are told at once, each with its place", "[config]")
{
    const File file{"http:\n  lissten: 127.0.0.1:1\n  events_max: many\nnats:\n  replicas: 9\n"};
    const auto loaded = load_settings({
        .file = file.path(),
        .environment = {"SEALSTREAM_LOG__LEVEL=loud"},
        .flags = {"profile", "http.page_events=500", "http.page_events_max=10"},
    });

    REQUIRE(!loaded.has_value());
    CHECK(loaded.error().code == Errc::malformed);
    const std::string name = file.path().string();
    CHECK(loaded.error().context ==
          name + ":2: unknown key http.lissten; did you mean http.listen?\n" + name +
              ":3: http.events_max must be a whole number, 1 to 1000\n" + name +
              ":5: nats.replicas must be a whole number, 1 to 5\n"
              "environment SEALSTREAM_LOG__LEVEL: log.level must be one of trace, debug, info, "
              "warn, error\n"
              "--set profile: must be key=value\n"
              "http.page_events: more than http.page_events_max");
}

TEST_CASE("a file that is none, or not YAML, is refused with its place", "[config]")
{
    const auto missing = load_settings({.file = "/nowhere/sealstream.yaml"});
    REQUIRE(!missing.has_value());
    CHECK(missing.error().code == Errc::not_found);

    CHECK(problems_of("").empty());
    CHECK(problems_of("# nothing\n").empty());
    for (const auto* yaml : {"- a\n", "word\n", "a: [1\n", "http:\n  listen: a\n bad\n"}) {
        INFO(yaml);
        REQUIRE(!problems_of(yaml).empty());
        CHECK(problems_of(yaml).front().starts_with("f:"));
    }
    CHECK(problems_of("http:\n  events_max: 1\n  events_max: 2\n").front() ==
          "f:3: http.events_max stands here twice");
    CHECK(problems_of("http:\n  events_max:\n").front() == "f:2: http.events_max has no value");
    CHECK(problems_of("http:\n  events_max: [1]\n").front() ==
          "f:2: http.events_max must be one value, no list");
    CHECK(problems_of("http:\n  events_max: {a: 1}\n").front() ==
          "f:2: unknown key http.events_max.a; did you mean http.events_max?");
    CHECK(problems_of("roles: [node, [a]]\n").front() == "f:1: roles must be a list of words");
    CHECK(problems_of("roles: []\n").front() == "f:1: roles has no value");
    CHECK(problems_of("zzzzzzzzzzzz: 1\n").front() == "f:1: unknown key zzzzzzzzzzzz");
}

TEST_CASE("lists come as YAML lists or with commas", "[config]")
{
    const auto from_flag = load_settings({.flags = {"roles=node, auditor", "ledger.chain=b,a"}});
    REQUIRE(from_flag.has_value());
    CHECK(from_flag->settings.roles.is_auditor);
    CHECK(!from_flag->settings.roles.is_projector);
    CHECK(from_flag->settings.ledger.chain.stream_types == std::vector<std::string>{"a", "b"});

    const auto all = load_settings({.flags = {"ledger.chain=all"}});
    REQUIRE(all.has_value());
    CHECK(all->settings.ledger.chain.is_required_everywhere);

    CHECK(!all->settings.ledger.is_enterprise);
    CHECK(!load_settings({.flags = {"ledger.chain=all,deal"}}).has_value());
    const auto enterprise = load_settings(
        {.flags = {"enterprise=true", "ledger.chain=deal", "ledger.require_condition=account"}});
    REQUIRE(enterprise.has_value());
    CHECK(enterprise->settings.ledger.effective_chain().is_required_everywhere);
    CHECK(enterprise->settings.ledger.required_conditions.stream_types ==
          std::vector<std::string>{"account"});
    CHECK(!from_flag->settings.ledger.effective_chain().is_required_everywhere);
    CHECK(!load_settings({.flags = {"ledger.chain=Deal"}}).has_value());
    CHECK(!load_settings({.flags = {"roles=node,king"}}).has_value());
    CHECK(!load_settings({.flags = {"roles="}}).has_value());
}

TEST_CASE("another ledger has the settings of the first, but for what is its own", "[config]")
{
    const auto loaded = load_settings(
        {.environment = {"SEALSTREAM_LEDGERS__OPS__AUDITOR__KEY_FILE=/keys/ops"},
         .flags = {"ledger.chain=deal", "ledger.codec=cbor", "auditor.key_file=/keys/main",
                   "other_ledgers=ops,registry", "ledgers.ops.ledger.chain=all"}});

    REQUIRE(loaded.has_value());
    const auto& others = loaded->settings.others;
    REQUIRE(others.size() == 2);
    CHECK(others[0].ledger.name == "ops");
    CHECK(others[0].ledger.chain.is_required_everywhere);
    CHECK(others[0].ledger.codec == CodecKind::deterministic_cbor);
    CHECK(others[0].auditor.key_file == "/keys/ops");
    CHECK(others[1].ledger.name == "registry");
    CHECK(!others[1].ledger.chain.is_required_everywhere);
    CHECK(others[1].auditor.key_file.empty()); // a key signs one log
    CHECK(loaded->settings.ledger.name == "main");
}

TEST_CASE("what is said of other ledgers must make sense", "[config]")
{
    const auto refusal = [](std::vector<std::string> flags) {
        const auto loaded = load_settings({.flags = std::move(flags)});
        return loaded ? std::string{} : loaded.error().context;
    };
    CHECK(refusal({"ledgers.ops.ledger.chain=all"}) == "--set: ops is not one of other_ledgers");
    CHECK(refusal({"other_ledgers=main"}) == "other_ledgers: main is ledger.name already");
    CHECK(refusal({"other_ledgers=ops", "ledgers.ops.ledger.name=x"})
              .starts_with("--set: ledger.name can not be set for one ledger"));
    CHECK(refusal({"other_ledgers=ops", "ledgers.ops.http.listen=127.0.0.1:1"})
              .starts_with("--set: http.listen can not be set for one ledger"));
    CHECK(refusal({"other_ledgers=ops,ops"}) ==
          "--set: other_ledgers must be a list of different ledger names");
    CHECK(refusal({"other_ledgers=ops", "ledgers.ops.ledger.chain=Deal"}) ==
          "--set: ledger.chain must be none, all, or a list of stream types");
}

TEST_CASE("every key shows a value that it accepts again, and refuses nonsense", "[config]")
{
    const std::set<std::string> free_text{"postgres.host", "postgres.database", "postgres.user",
                                          "nats.url",      "packs.folder",      "postgres.uri"};
    std::set<std::string> paths;
    for (const Key& key : keys()) {
        INFO(key.path);
        CHECK(paths.insert(key.path).second);
        Settings settings;
        const std::string shown = key.show(settings);
        const bool is_free = free_text.count(key.path) != 0 || key.path.ends_with("_file");
        if (!shown.empty() || is_free) {
            CHECK(load_settings({.flags = {key.path + "=" + shown}}).has_value());
        }
        if (!is_free) {
            CHECK(!key.set(settings, {"no such + value"}).has_value());
            CHECK(key.show(settings) == shown); // a refused value changes nothing
        }
    }
}

TEST_CASE("numbers keep their bounds, to the last", "[config]")
{
    for (const auto* good :
         {"nats.replicas=1", "nats.replicas=5", "nats.bytes_max=-1", "projector.batch_wait_ms=0"}) {
        INFO(good);
        CHECK(load_settings({.flags = {good}}).has_value());
    }
    for (const auto* bad :
         {"nats.replicas=0", "nats.replicas=6", "nats.replicas=", "nats.replicas=1x",
          "nats.replicas= 1", "nats.replicas=1.0", "nats.bytes_max=-2", "postgres.port=65536",
          "http.wait_max_s=99999999999999999999"}) {
        INFO(bad);
        CHECK(!load_settings({.flags = {bad}}).has_value());
    }
}

TEST_CASE("an address has a host and a port", "[config]")
{
    for (const auto* good : {"127.0.0.1:80", "localhost:0", "[::1]:8080", "0.0.0.0:65535"}) {
        const auto endpoint = parse_endpoint(good);
        INFO(good);
        REQUIRE(endpoint.has_value());
        CHECK(to_string(*endpoint) == good);
    }
    for (const auto* bad : {"", ":80", "host", "host:", "host:x", "host:65536", "::1:80", "[::1]",
                            "[host]:80", "a b:80", "host:-1"}) {
        INFO(bad);
        CHECK(!parse_endpoint(bad).has_value());
    }
}

TEST_CASE("a password in a setting is refused", "[config]")
{
    for (const auto* bad :
         {"postgres.uri=postgres://u:secret@host/db", "postgres.uri=host=h password=secret",
          "nats.url=nats://u:secret@host:1", "nats.url=nats://host:1,nats://u:p@other:2"}) {
        const auto loaded = load_settings({.flags = {bad}});
        REQUIRE(!loaded.has_value());
        CHECK(loaded.error().context.find("secret@") == std::string::npos);
    }
    for (const auto* good :
         {"postgres.uri=postgres://u@host:5432/db", "nats.url=nats://a:1,nats://b:2",
          "postgres.uri=host=/run/postgresql passfile=/etc/pass"}) {
        INFO(good);
        CHECK(load_settings({.flags = {good}}).has_value());
    }
}

TEST_CASE("secrets come from files, and never show", "[config]")
{
    const File password{"it's secret\n"};
    const auto loaded = load_settings(
        {.flags = {"postgres.host=h", "postgres.password_file=" + password.path().string()}});
    REQUIRE(loaded.has_value());

    const auto options = postgres_options(loaded->settings.postgres);

    REQUIRE(options.has_value());
    CHECK(options->uri ==
          R"(host='h' port=5432 dbname='sealstream' user='sealstream' password='it\'s secret')");
    CHECK(show_settings(*loaded).find("secret") == std::string::npos);
    CHECK(show_settings(*loaded).find("postgres.host = h  (--set)\n") != std::string::npos);

    const File uri{"postgres://u:p@h/d\n"};
    PostgresSettings by_file;
    by_file.uri_file = uri.path();
    CHECK(postgres_options(by_file)->uri == "postgres://u:p@h/d");
    by_file.uri_file = "/nowhere/uri";
    CHECK(postgres_options(by_file).error().code == Errc::not_found);
    CHECK(postgres_options(PostgresSettings{}).error().code == Errc::malformed);
    const File empty{" \n"};
    CHECK(read_secret(empty.path()).error().code == Errc::malformed);
}

TEST_CASE("the reference in config/README.md is the table of keys", "[config]")
{
    const char* root = std::getenv("SEALSTREAM_SOURCE_DIR");
    REQUIRE(root != nullptr);
    const std::string readme = read_file(std::filesystem::path{root} / "config/README.md");
    const std::string reference = config_reference();
    const bool is_there = readme.find(reference) != std::string::npos;
    if (!is_there) {
        WARN("config/README.md must hold exactly this:\n" << reference);
    }
    CHECK(is_there);
}

TEST_CASE("the distance of two words counts their differences", "[config]")
{
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("listen", "lissten") == 1);
}
