// Long because it is the one table of settings: a row for each.

#include "config/keys.hpp"

#include "config/checks.hpp"
#include "config/pack_keys.hpp"
#include "config/security_keys.hpp"
#include "core/event/names.hpp"

#include <algorithm>

namespace sealstream {

namespace {

using namespace forms;

constexpr std::int64_t day_ms = 24 * 60 * 60 * 1000;
constexpr std::int64_t gib = std::int64_t{1} << 30;

constexpr auto on_off = [](auto access, std::string path, std::string help) {
    return choice(std::move(path), access, {{"true", true}, {"false", false}}, std::move(help));
};

Key roles_key()
{
    Key key{"roles", "any of node, projector, auditor, relay", "what this process does", true};
    key.set = [](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        Roles roles{false, false, false, false};
        for (const std::string& word : words) {
            bool* role = word == "node"        ? &roles.is_node
                         : word == "projector" ? &roles.is_projector
                         : word == "auditor"   ? &roles.is_auditor
                         : word == "relay"     ? &roles.is_relay
                                               : nullptr;
            if (role == nullptr) {
                return Error{Errc::malformed, "must be any of node, projector, auditor, relay"};
            }
            *role = true;
        }
        settings.roles = roles;
        return {};
    };
    key.show = [](const Settings& settings) {
        std::vector<std::string> words;
        const Roles& roles = settings.roles;
        for (const auto& [name, is_on] : {std::pair{"node", roles.is_node},
                                          {"projector", roles.is_projector},
                                          {"auditor", roles.is_auditor},
                                          {"relay", roles.is_relay}}) {
            if (is_on) {
                words.emplace_back(name);
            }
        }
        return joined(words);
    };
    return key;
}

Key other_ledgers_key()
{
    Key key{
        "other_ledgers", "a list of ledger names",
        "ledgers served below /ledgers/{name} beside ledger.name; ledgers.{name}.* sets what is "
        "their own",
        true};
    key.set = [](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        for (const std::string& word : words) {
            if (!check_ledger(word) || std::count(words.begin(), words.end(), word) != 1) {
                return Error{Errc::malformed, "must be a list of different ledger names"};
            }
        }
        settings.other_ledgers = words;
        return {};
    };
    key.show = [](const Settings& settings) { return joined(settings.other_ledgers); };
    return key;
}

// A policy about stream types: those that it holds for, or all.
template <class Access>
Key stream_types_key(std::string path, Access policy_of, std::string help)
{
    Key key{std::move(path), "none, all, or a list of stream types", std::move(help), true};
    key.set = [=](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        std::remove_reference_t<decltype(policy_of(settings))> policy;
        if (words == std::vector<std::string>{"all"}) {
            policy.is_required_everywhere = true;
        } else if (words != std::vector<std::string>{"none"}) {
            for (const std::string& word : words) {
                if (!check_stream_type(word) || word == "none" || word == "all") {
                    return Error{Errc::malformed, "must be none, all, or a list of stream types"};
                }
            }
            policy.stream_types = words;
            std::sort(policy.stream_types.begin(), policy.stream_types.end());
        }
        policy_of(settings) = std::move(policy);
        return {};
    };
    key.show = [=](const Settings& settings) {
        const auto policy = value_of(policy_of, settings);
        return policy.is_required_everywhere ? "all"
               : policy.stream_types.empty() ? "none"
                                             : joined(policy.stream_types);
    };
    return key;
}

// {"registry": {"registry-a", "registry-b"}} as registry=registry-a, registry=registry-b.
Key source_classes_key()
{
    Key key{"policy.classes", "a list of class=source pattern",
            "groups of sources: class c is emit_from_c on the admin path of policies", true};
    key.set = [](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        http::PolicyOptions fresh;
        fresh.classes.clear();
        for (const std::string& word : words) {
            const auto equals = word.find('=');
            const std::string name = word.substr(0, equals);
            const std::string pattern =
                equals == std::string::npos ? std::string{} : word.substr(equals + 1);
            if (!check_ledger(name) || !check_label(pattern)) {
                return Error{Errc::malformed, "must be a list of class=source pattern"};
            }
            fresh.classes[name].push_back(pattern);
        }
        settings.policy.classes = std::move(fresh.classes);
        return {};
    };
    key.show = [](const Settings& settings) {
        std::vector<std::string> words;
        for (const auto& [name, patterns] : settings.policy.classes) {
            for (const std::string& pattern : patterns) {
                words.push_back(name + "=" + pattern);
            }
        }
        return joined(words);
    };
    return key;
}

// host:port into the two fields of a listener.
template <class Host, class Port>
Key listen_key(std::string path, Host host, Port port, std::string help)
{
    Key key{std::move(path), "address:port, port 0 takes a free one", std::move(help)};
    key.set = [=](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        SEAL_TRY(endpoint, parse_endpoint(words.front()));
        host(settings) = endpoint.host;
        port(settings) = endpoint.port;
        return {};
    };
    key.show = [=](const Settings& settings) {
        return to_string(Endpoint{value_of(host, settings), value_of(port, settings)});
    };
    return key;
}

// Short names for the way into each part of Settings.
constexpr auto ledger = [](auto member) { return field(&Settings::ledger, member); };
constexpr auto http_option = [](auto member) { return field(&Settings::http, member); };
constexpr auto limit = [](auto member) { return field(&Settings::limits, member); };
constexpr auto feeds = [](auto member) { return field(&Settings::feeds, member); };
constexpr auto policy = [](auto member) { return field(&Settings::policy, member); };
constexpr auto timeout = [](auto member) {
    return field(&Settings::http, &http::Options::timeouts, member);
};
constexpr auto nats = [](auto member) { return field(&Settings::nats, member); };
constexpr auto event_log = [](auto member) { return field(&Settings::event_log, member); };
constexpr auto postgres = [](auto member) { return field(&Settings::postgres, member); };
constexpr auto postgres_option = [](auto member) {
    return field(&Settings::postgres, &PostgresSettings::options, member);
};
constexpr auto projector = [](auto member) { return field(&Settings::projector, member); };
constexpr auto auditor = [](auto member) { return field(&Settings::auditor, member); };
constexpr auto outbox = [](auto member) { return field(&Settings::outbox, member); };

std::vector<Key> process_keys()
{
    return {
        choice("profile", field(&Settings::profile),
               {{"cluster", Profile::cluster}, {"single-database", Profile::single_database}},
               "where the log is: NATS JetStream, or one Postgres database for everything"),
        roles_key(),
        choice("log.level", field(&Settings::log, &LogSettings::level),
               {{"trace", Level::trace},
                {"debug", Level::debug},
                {"info", Level::info},
                {"warn", Level::warn},
                {"error", Level::error}},
               "the least level that is written"),
        text("ledger.name", ledger(&LedgerSettings::name), "a ledger name", &check_ledger,
             "the ledger that this process serves"),
        choice("ledger.codec", ledger(&LedgerSettings::codec),
               {{"json", CodecKind::canonical_json}, {"cbor", CodecKind::deterministic_cbor}},
               "the form of new records; readers know both"),
        stream_types_key("ledger.chain", ledger(&LedgerSettings::chain),
                         "streams whose events carry the hash of the one before"),
        on_off(ledger(&LedgerSettings::is_enterprise), "enterprise",
               "chains every stream, whatever ledger.chain says"),
        stream_types_key("ledger.require_condition", ledger(&LedgerSettings::required_conditions),
                         "streams that take no append without a condition (428)"),
        other_ledgers_key(),
    };
}

std::vector<Key> http_keys()
{
    return {
        listen_key("http.listen", http_option(&http::Options::address),
                   http_option(&http::Options::port), "where clients connect"),
        listen_key("http.admin_listen", http_option(&http::Options::admin_address),
                   http_option(&http::Options::admin_port), "where health and metrics are served"),
        number("http.connections_max", http_option(&http::Options::connections_max), 1, 1'000'000,
               "open at once for each listener"),
        number("http.body_bytes_max", limit(&http::Limits::body_bytes_max), 1 << 10, gib,
               "bytes of a request body that is held whole"),
        number("http.event_bytes_max", limit(&http::Limits::event_bytes_max), 1 << 10, 64 << 20,
               "bytes of one event"),
        number("http.json_depth_max", limit(&http::Limits::json_depth_max), 4, 1'000,
               "levels of nesting in an event"),
        number("http.events_max", limit(&http::Limits::events_max), 1, 1'000,
               "events of one append"),
        number("http.transaction_events_max", limit(&http::Limits::transaction_events_max), 1,
               1'000, "events of one transaction, and streams that it writes or checks"),
        number("http.page_events", limit(&http::Limits::page_events), 1, 10'000,
               "events of a page when the reader does not say"),
        number("http.page_events_max", limit(&http::Limits::page_events_max), 1, 10'000,
               "events of a page at most"),
        number("http.page_bytes_max", limit(&http::Limits::page_bytes_max), 1 << 16, gib,
               "bytes of a page, about"),
        number("http.wait_max_s", limit(&http::Limits::wait_max), 1, 600,
               "the longest wait that a reader may ask for"),
        number("http.idle_ms", timeout(&http::Timeouts::idle), 100, day_ms,
               "between two requests of a connection"),
        number("http.header_ms", timeout(&http::Timeouts::header), 100, 600'000,
               "for a request's header to arrive"),
        number("http.body_ms", timeout(&http::Timeouts::body), 100, 600'000,
               "for a request's body to arrive"),
        number("http.write_ms", timeout(&http::Timeouts::write), 100, 600'000,
               "for a client to take what we write"),
        number("http.drain_idle_ms", http_option(&http::Options::drain_idle), 0, 600'000,
               "at a stop: a connection that is silent so long is closed"),
        number("feeds.ring_bytes_max", feeds(&http::FeedOptions::ring_bytes_max), 1 << 16, 4 * gib,
               "bytes of memory for recent events, which all subscribers share"),
        number("feeds.credit_events_max", feeds(&http::FeedOptions::credit_events_max), 1,
               1'000'000, "events that a WebSocket may have on the way unacknowledged"),
        number("feeds.heartbeat_ms", feeds(&http::FeedOptions::heartbeat), 100, 600'000,
               "of silence before a subscriber hears that all is well"),
    };
}

std::vector<Key> policy_keys()
{
    using Policy = http::PolicyOptions;
    return {
        choice("policy.unknown_types", policy(&Policy::unknown_types),
               {{"allow", UnknownTypes::allow}, {"refuse", UnknownTypes::refuse}},
               "what happens to events of a type without an emission policy"),
        choice("schemas.unknown_types", policy(&Policy::unknown_schemas),
               {{"allow", UnknownTypes::allow}, {"refuse", UnknownTypes::refuse}},
               "what happens to events of a type without a schema"),
        number("schemas.versions_max", policy(&Policy::schema_versions_max), 1, 100'000,
               "versions of one event type's schema"),
        source_classes_key(),
        number("policy.types_max", policy(&Policy::types_max), 1, 1'000'000,
               "event types that may have a policy"),
        number("policy.dry_run_events", policy(&Policy::dry_run_events), 1, 100'000'000,
               "events that a dry run looks at when it does not say"),
        number("policy.dry_run_events_max", policy(&Policy::dry_run_events_max), 1, 100'000'000,
               "events that one dry run looks at"),
        number("policy.dry_run_ms", policy(&Policy::dry_run_time_max), 10, 600'000,
               "for one dry run; then it says how far it came"),
        number("policy.apply_wait_ms", policy(&Policy::apply_wait_max), 10, 600'000,
               "for an edit to hold on the node that took it"),
        number("policy.rejection_data_bytes_max", policy(&Policy::rejection_data_bytes_max), 0,
               1 << 20, "bytes of a refused event's data that are kept"),
        number("policy.rejections_keep_days", policy(&Policy::rejections_keep_days), 1, 36'500,
               "how long refused events are kept"),
    };
}

std::vector<Key> store_keys()
{
    return {
        text("nats.url", nats(&jetstream::ConnectionOptions::url), "NATS URLs, separated by commas",
             &check_no_password, "where NATS is"),
        text("nats.credentials_file", nats(&jetstream::ConnectionOptions::credentials_file),
             "a file", nullptr, "the file with the JWT and seed to connect with"),
        number("nats.connect_ms", nats(&jetstream::ConnectionOptions::connect_timeout), 10, 600'000,
               "for one connection"),
        number("nats.reconnect_wait_ms", nats(&jetstream::ConnectionOptions::reconnect_wait), 1,
               600'000, "between two tries to connect again"),
        number("nats.replicas", event_log(&jetstream::EventLogOptions::replicas), 1, 5,
               "copies of the log"),
        on_off(event_log(&jetstream::EventLogOptions::is_synced), "nats.synced",
               "whether the server syncs every write (sync_interval: always)"),
        text("nats.monitor_urls", event_log(&jetstream::EventLogOptions::monitor_urls),
             "http://host:port of each server, separated by commas", &check_http_urls,
             "where the servers say whether they sync; their word goes before nats.synced"),
        number("nats.bytes_max", event_log(&jetstream::EventLogOptions::bytes_max), -1,
               std::int64_t{1} << 50, "bytes of the log; -1 is what the server allows"),
        number("nats.duplicate_window_s", event_log(&jetstream::EventLogOptions::duplicate_window),
               1, 86'400, "how long the server remembers ids"),
        number("nats.queue_events_max", event_log(&jetstream::EventLogOptions::queue_events_max),
               1'000, 10'000'000, "appends that wait for the server"),
        number("nats.acknowledge_ms", event_log(&jetstream::EventLogOptions::acknowledge_timeout),
               10, 600'000, "for the server to answer one append"),
        text("postgres.uri", postgres_option(&PostgresOptions::uri),
             "a libpq URI or key=value text", &check_no_password,
             "where Postgres is, without a password"),
        text("postgres.uri_file", postgres(&PostgresSettings::uri_file), "a file", nullptr,
             "the file with such a URI, password and all; wins over the others"),
        text("postgres.host", postgres(&PostgresSettings::host), "a host or a socket folder",
             nullptr, "used with the next four when there is no URI"),
        number("postgres.port", postgres(&PostgresSettings::port), 1, 65'535,
               "the port of postgres.host"),
        text("postgres.database", postgres(&PostgresSettings::database), "a name", nullptr,
             "the database"),
        text("postgres.user", postgres(&PostgresSettings::user), "a name", nullptr, "who connects"),
        text("postgres.password_file", postgres(&PostgresSettings::password_file), "a file",
             nullptr, "the file with the password and nothing else"),
        number("postgres.connections_max", postgres_option(&PostgresOptions::connections_max), 1,
               1'000, "open at once"),
        number("postgres.connect_ms", postgres_option(&PostgresOptions::connect_timeout), 10,
               600'000, "for one connection"),
        number("postgres.statement_ms", postgres_option(&PostgresOptions::statement_timeout), 10,
               day_ms, "for one statement; the server ends a longer one"),
    };
}

std::vector<Key> role_keys()
{
    return {
        number("projector.batch_events_max", projector(&ProjectorSettings::batch_events_max), 1,
               100'000, "events folded in one transaction"),
        number("projector.batch_wait_ms", projector(&ProjectorSettings::batch_wait), 0, 60'000,
               "for a batch to fill"),
        number("projector.fold_timeout_ms", projector(&ProjectorSettings::fold_timeout), 100,
               3'600'000, "for the SQL of a pack on one batch; after twice this its session ends"),
        number("projector.parked_streams_max", projector(&ProjectorSettings::parked_streams_max), 1,
               1'000'000, "streams that one projection may park before it halts"),
        number("projector.lanes_max", projector(&ProjectorSettings::lanes_max), 1, 6,
               "batches folded side by side: the projections that are level, and those behind"),
        text("auditor.key_file", auditor(&AuditorSettings::key_file), "a file", nullptr,
             "the Ed25519 key that signs checkpoints"),
        text("auditor.origin", auditor(&AuditorSettings::origin), "a name like example.org/main",
             &check_origin, "the log's name in its checkpoints"),
        number("auditor.checkpoint_events", auditor(&AuditorSettings::checkpoint_events), 1,
               1'000'000, "new leaves that make a checkpoint"),
        number("auditor.checkpoint_ms", auditor(&AuditorSettings::checkpoint_wait), 10, 3'600'000,
               "and the longest wait for one"),
        number("auditor.heartbeat_ms", auditor(&AuditorSettings::heartbeat), 1'000, day_ms,
               "of silence before a leaf says so"),
        number("outbox.poll_ms", outbox(&OutboxSettings::poll), 1, 60'000,
               "between two looks at an empty outbox"),
        number("outbox.page_events_max", outbox(&OutboxSettings::page_events_max), 1, 100'000,
               "events that the relay appends and stamps together"),
        number("outbox.keep_s", outbox(&OutboxSettings::keep), 60, 400 * day_ms / 1000,
               "before rows whose events are in the log are removed"),
    };
}

} // namespace

const std::vector<Key>& keys()
{
    static const std::vector<Key> all = [] {
        std::vector<Key> result;
        for (auto& section : {process_keys(), http_keys(), policy_keys(), security_keys(),
                              store_keys(), role_keys(), pack_keys()}) {
            result.insert(result.end(), section.begin(), section.end());
        }
        return result;
    }();
    return all;
}

const Key* find_key(std::string_view path)
{
    const auto found = std::find_if(keys().begin(), keys().end(),
                                    [path](const Key& key) { return key.path == path; });
    return found == keys().end() ? nullptr : &*found;
}

std::vector<std::string> broken_relations(const Settings& settings)
{
    std::vector<std::string> broken;
    const auto must_hold = [&broken](bool holds, std::string sentence) {
        if (!holds) {
            broken.push_back(std::move(sentence));
        }
    };
    const auto& limits = settings.limits;
    const auto& roles = settings.roles;
    must_hold(roles.is_node || roles.is_projector || roles.is_auditor || roles.is_relay,
              "roles: a process without a role does nothing");
    must_hold(limits.page_events <= limits.page_events_max,
              "http.page_events: more than http.page_events_max");
    must_hold(limits.event_bytes_max <= limits.body_bytes_max,
              "http.event_bytes_max: more than http.body_bytes_max");
    must_hold(settings.event_log.acknowledge_timeout < settings.event_log.duplicate_window,
              "nats.acknowledge_ms: a retry would come after nats.duplicate_window_s");
    must_hold(settings.http.port == 0 || settings.http.port != settings.http.admin_port,
              "http.admin_listen: the port of http.listen");
    broken_security_relations(settings, broken);
    return broken;
}

} // namespace sealstream
