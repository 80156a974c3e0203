// Where the log and the database are.

#include "config/checks.hpp"
#include "config/sections.hpp"

namespace sealstream {

namespace {

using namespace forms;

constexpr auto nats = [](auto member) { return field(&Settings::nats, member); };
constexpr auto event_log = [](auto member) { return field(&Settings::event_log, member); };
constexpr auto pulls = [](auto member) { return field(&Settings::pulls, member); };
constexpr auto postgres = [](auto member) { return field(&Settings::postgres, member); };
constexpr auto postgres_option = [](auto member) {
    return field(&Settings::postgres, &PostgresSettings::options, member);
};

} // namespace

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
        number("nats.leave_server_ms", nats(&jetstream::ConnectionOptions::leave_server_after), 100,
               600'000,
               "without an answer that needs a quorum, before another server is connected to"),
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
        number("nats.queue_bytes_max", event_log(&jetstream::EventLogOptions::queue_bytes_max),
               1 << 20, std::int64_t{1} << 40,
               "bytes of their events; beyond either the node is overloaded"),
        number("nats.acknowledge_ms", event_log(&jetstream::EventLogOptions::acknowledge_timeout),
               10, 600'000, "for the server to answer one append"),
        number("nats.durability_check_ms",
               event_log(&jetstream::EventLogOptions::durability_interval), 1'000, 86'400'000,
               "between two looks at what nats.monitor_urls and the log's replicas are"),
        number("nats.settle_ms", event_log(&jetstream::EventLogOptions::settle_timeout), 1'000,
               600'000,
               "for a leader to know as much of the log as who asks, before events are missing"),
        number("nats.stall_ms", pulls(&jetstream::FeedOptions::stall), 1'000, 600'000,
               "without what the server says is pending, before a feed begins anew"),
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
        number("postgres.queue_bytes_max", postgres(&PostgresSettings::queue_bytes_max), 1 << 20,
               std::int64_t{1} << 40,
               "bytes of appends that wait for the log in Postgres; beyond it the node is "
               "overloaded"),
    };
}

} // namespace sealstream
