#include "jetstream/stream_admin.hpp"

#include "core/async/awaitable.hpp"
#include "core/async/backoff.hpp"
#include "core/base/log.hpp"
#include "jetstream/subject.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>

namespace sealstream::jetstream {

namespace json = boost::json;

namespace {

const std::string no_body; // of a request whose subject says it all

constexpr std::int64_t stream_not_found = 10059;
constexpr std::int64_t stream_name_in_use = 10058;
constexpr std::int64_t no_quorum_codes[] = {10004, 10005, 10008, 10009, 10074};
constexpr const char* no_quorum_text =
    "the server that leads the stream sees no quorum of its peers, so it may be behind another";

// A leader that has heard of most of its peers within this time has no successor yet: a peer does
// not stand for election before it has heard nothing for 4 s (minElectionTimeout in the server's
// raft.go).
constexpr std::chrono::seconds seen_within{3};

std::int64_t int_at(const json::object& object, std::string_view key)
{
    const auto* value = object.if_contains(key);
    if (value == nullptr) {
        return 0;
    }
    if (value->is_uint64()) {
        return static_cast<std::int64_t>(value->as_uint64());
    }
    return value->is_int64() ? value->as_int64() : 0;
}

std::string text_at(const json::object& object, std::string_view key)
{
    const auto* value = object.if_contains(key);
    if (value == nullptr || !value->is_string()) {
        return {};
    }
    return {value->as_string().data(), value->as_string().size()};
}

json::object object_at(const json::object& object, std::string_view key)
{
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_object() ? value->as_object() : json::object{};
}

std::int64_t err_code(const json::object& answer)
{
    return int_at(object_at(answer, "error"), "err_code");
}

StreamState state_of(const json::object& answer)
{
    const auto state = object_at(answer, "state");
    const auto config = object_at(answer, "config");
    const auto metadata = object_at(config, "metadata");
    StreamState found;
    found.incarnation = text_at(answer, "created");
    found.first_sequence = static_cast<std::uint64_t>(int_at(state, "first_seq"));
    found.last_sequence = static_cast<std::uint64_t>(int_at(state, "last_seq"));
    found.messages = static_cast<std::uint64_t>(int_at(state, "messages"));
    found.deleted = static_cast<std::uint64_t>(int_at(state, "num_deleted"));
    found.replicas = static_cast<int>(int_at(config, "num_replicas"));
    found.server_version = text_at(metadata, "_nats.ver");
    found.duplicate_window = std::chrono::nanoseconds{int_at(config, "duplicate_window")};
    const auto now = from_rfc3339(text_at(answer, "ts"));
    found.now = now ? *now : WallTime{};
    return found;
}

bool is_equal(const json::value& wanted, const json::value& found)
{
    if (wanted.is_number() && found.is_number()) {
        return wanted.to_number<double>() == found.to_number<double>();
    }
    return wanted == found;
}

// Fields that the server leaves out of its answer when they have their zero value.
bool is_zero(const json::value& value)
{
    return (value.is_bool() && !value.as_bool()) ||
           (value.is_number() && value.to_number<double>() == 0);
}

Error mismatch(Errc code, const std::string& name, const std::vector<std::string>& found)
{
    std::string text = "stream " + name + " is not as it must be:";
    for (const std::string& difference : found) {
        text.append(" ").append(difference).append(";");
    }
    return Error{code, text};
}

} // namespace

bool lacks_quorum(const json::object& answer)
{
    if (answer.contains("error")) {
        return std::ranges::find(no_quorum_codes, err_code(answer)) != std::end(no_quorum_codes);
    }
    const auto cluster = object_at(answer, "cluster");
    const auto* replicas = cluster.if_contains("replicas");
    if (replicas == nullptr || !replicas->is_array()) {
        return false; // one copy, or no question about a stream
    }
    const auto is_seen = [](const json::value& peer) {
        const std::chrono::nanoseconds since{peer.is_object() ? int_at(peer.get_object(), "active")
                                                              : 0};
        return since.count() > 0 && since < seen_within; // 0: not since it leads
    };
    const json::array& peers = replicas->get_array();
    const auto seen = static_cast<std::size_t>(std::ranges::count_if(peers, is_seen));
    return (seen + 1) * 2 <= peers.size() + 1;
}

std::optional<Error> api_error(const json::object& answer)
{
    if (!answer.contains("error")) {
        return lacks_quorum(answer) ? std::optional{Error{Errc::unavailable, no_quorum_text}}
                                    : std::nullopt;
    }
    const auto code = err_code(answer);
    const std::string text = "NATS error " + std::to_string(code) + ": " +
                             text_at(object_at(answer, "error"), "description");
    if (code == stream_not_found) {
        return Error{Errc::not_found, text};
    }
    if (lacks_quorum(answer)) {
        return Error{Errc::unavailable, text + " (no quorum, or the cluster is still electing)"};
    }
    if (code == 10023 || code == 10028 || code == 10047) {
        return Error{Errc::capacity, text};
    }
    if (code == 10039 || code == 10076) {
        return Error{Errc::unsupported, text + " (enable JetStream in the server's configuration)"};
    }
    return Error{Errc::unavailable, text};
}

json::object event_log_config(const EventLogOptions& options)
{
    const auto window = std::chrono::nanoseconds{options.duplicate_window}.count();
    return {{"name", log_name(options.ledger)},
            {"description", "Sealstream: the log of ledger " + options.ledger},
            {"subjects", json::array{log_subjects(options.ledger)}},
            {"retention", "limits"},
            {"storage", "file"},
            {"discard", "new"},
            {"num_replicas", options.replicas},
            {"max_bytes", options.bytes_max},
            {"max_msgs", -1},
            {"max_msgs_per_subject", -1},
            {"max_age", 0},
            {"duplicate_window", window},
            {"deny_delete", true},
            {"deny_purge", true},
            {"allow_rollup_hdrs", false},
            {"allow_direct", true},
            {"allow_atomic", true}};
}

json::object audit_log_config(const std::string& ledger, int replicas, std::int64_t bytes_max)
{
    return {{"name", audit_stream_name(ledger)},
            {"description", "Sealstream: the audit stream of ledger " + ledger},
            {"subjects", json::array{audit_subject(ledger)}},
            {"retention", "limits"},
            {"storage", "file"},
            {"discard", "new"},
            {"num_replicas", replicas},
            {"max_bytes", bytes_max},
            {"max_msgs", -1},
            {"max_msgs_per_subject", -1},
            {"max_age", 0},
            {"deny_delete", true},
            {"deny_purge", true},
            {"allow_rollup_hdrs", false},
            {"allow_direct", true},
            {"allow_atomic", true}};
}

std::vector<std::string> differences(const json::object& wanted, const json::object& found)
{
    std::vector<std::string> list;
    for (const auto& [key, value] : wanted) {
        if (key == "description") {
            continue;
        }
        const auto* other = found.if_contains(key);
        if (other == nullptr ? !is_zero(value) : !is_equal(value, *other)) {
            list.push_back(std::string{key} + ": wanted " + json::serialize(value) + ", found " +
                           (other != nullptr ? json::serialize(*other) : "nothing"));
        }
    }
    return list;
}

bool is_version_before(std::string_view version, std::string_view other)
{
    const auto next_number = [](std::string_view& text) {
        int number = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (!text.empty() && text.front() == '.') {
            text.remove_prefix(1);
        }
        return failed == std::errc{} ? number : 0;
    };
    for (int part = 0; part < 3; ++part) {
        const int left = next_number(version);
        const int right = next_number(other);
        if (left != right) {
            return left < right;
        }
    }
    return false;
}

Task<Result<StreamState>> stream_state(Connection& connection, std::string name,
                                       std::chrono::milliseconds timeout)
{
    std::string subject = "$JS.API.STREAM.INFO." + name;
    SEAL_CO_TRY(answer, co_await connection.request(std::move(subject), no_body, timeout));
    if (auto failed = api_error(answer)) {
        co_return *std::move(failed);
    }
    co_return state_of(answer);
}

namespace {

struct FoundStream {
    json::object answer; // of the server, to STREAM.INFO
    bool is_new{false};
};

// In a cluster a server may not know yet what another has made a moment ago, and nobody answers for
// a stream that has no leader yet: who starts while another makes the stream asks again.
Task<Result<FoundStream>> find_or_create(Connection& connection, const json::object& wanted,
                                         std::chrono::milliseconds timeout)
{
    const std::string name = text_at(wanted, "name");
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
    const bool is_cluster = int_at(wanted, "num_replicas") > 1;
    const auto deadline = std::chrono::steady_clock::now() + (is_cluster ? 3 * timeout : timeout);
    const auto answer_wait = is_cluster ? timeout / 5 : timeout;
    const auto is_late = [deadline] { return std::chrono::steady_clock::now() > deadline; };
    Backoff backoff{{std::chrono::milliseconds{10}, std::chrono::milliseconds{250}}};
    FoundStream found;
    bool has_asked = false;
    for (;;) {
        std::string find_subject = "$JS.API.STREAM.INFO." + name;
        auto answer = co_await connection.request(std::move(find_subject), no_body, answer_wait);
        if (!answer && answer.error().code == Errc::timed_out && !is_late()) {
            continue;
        }
        if (!answer) {
            co_return answer.error();
        }
        if (err_code(*answer) != stream_not_found) {
            // A leader that was just elected has not heard of its peers yet.
            const bool is_new_leader = !answer->contains("error") && lacks_quorum(*answer);
            if (is_new_leader && !is_late()) {
                timer.expires_after(backoff.next());
                co_await timer.async_wait(use_tuple);
                continue;
            }
            if (auto failed = api_error(*answer)) {
                co_return *std::move(failed);
            }
            found.answer = *std::move(answer);
            co_return found;
        }
        if (is_late()) {
            co_return Error{Errc::unavailable,
                            "stream " + name +
                                " was made, but no server shows it yet: is the cluster electing?"};
        }
        if (has_asked) {
            timer.expires_after(backoff.next());
            co_await timer.async_wait(use_tuple);
        }
        has_asked = true;
        std::string create_subject = "$JS.API.STREAM.CREATE." + name;
        std::string body = json::serialize(wanted);
        SEAL_CO_TRY(
            made, co_await connection.request(std::move(create_subject), std::move(body), timeout));
        const bool is_there = err_code(made) == stream_name_in_use;
        if (auto failed = api_error(made); made.contains("error") && !is_there) {
            co_return with_context(*std::move(failed), "creating stream " + name);
        }
        found.is_new = found.is_new || !is_there;
    }
}

} // namespace

Task<Result<StreamState>> ensure_stream(Connection& connection, json::object wanted,
                                        std::chrono::milliseconds timeout)
{
    std::string info_subject = "$JS.API.INFO";
    SEAL_CO_TRY(server, co_await connection.request(std::move(info_subject), no_body, timeout));
    if (auto failed = api_error(server)) {
        co_return *std::move(failed);
    }
    const auto level = int_at(object_at(server, "api"), "level");
    if (level < api_level_min) {
        co_return Error{Errc::unsupported, "nats-server is too old (JetStream API level " +
                                               std::to_string(level) + ", needed " +
                                               std::to_string(api_level_min) + "): install " +
                                               std::string{server_version_min} + " or newer"};
    }
    const std::string name = text_at(wanted, "name");
    SEAL_CO_TRY(made, co_await find_or_create(connection, wanted, timeout));
    const auto& [answer, is_new] = made;
    const auto wrong = differences(wanted, object_at(answer, "config"));
    if (!wrong.empty()) {
        co_return mismatch(is_new ? Errc::unsupported : Errc::corrupt, name, wrong);
    }
    auto state = state_of(answer);
    if (!state.server_version.empty() &&
        is_version_before(state.server_version, server_version_min)) {
        co_return Error{Errc::unsupported, "nats-server " + state.server_version +
                                               " is too old: install " +
                                               std::string{server_version_min} + " or newer"};
    }
    if (state.deleted != 0) {
        co_return Error{Errc::corrupt, "stream " + name + " has " + std::to_string(state.deleted) +
                                           " deleted messages: a log never has any"};
    }
    log(Level::info, is_new ? "log.created" : "log.found", "jetstream",
        {{"stream", name},
         {"last_sequence", state.last_sequence},
         {"server", state.server_version}});
    co_return state;
}

} // namespace sealstream::jetstream
