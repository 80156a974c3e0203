#pragma once

// Makes a JetStream stream as it must be, or finds out why it is not. Always by raw JSON requests:
// the C library's structs drop fields that they do not know, and would switch them off.

#include "jetstream/connection.hpp"

#include <boost/json/object.hpp>

namespace sealstream::jetstream {

inline constexpr std::int64_t api_level_min = 4; // nats-server 2.14
inline constexpr std::string_view server_version_min = "2.14.4";

struct StreamState {
    std::string incarnation; // when the server made it: a new one after delete and re-creation
    std::uint64_t first_sequence{0};
    std::uint64_t last_sequence{0};
    std::uint64_t messages{0};
    std::uint64_t deleted{0};
    int replicas{0}; // as configured at that moment
    std::string server_version;
    WallTime now{};                               // the server's clock when it answered
    std::chrono::nanoseconds duplicate_window{0}; // as configured at that moment
};

// What we ask for. Pure.
[[nodiscard]] boost::json::object event_log_config(const EventLogOptions& options);
[[nodiscard]] boost::json::object audit_log_config(const std::string& ledger, int replicas,
                                                   std::int64_t bytes_max);

// Each field of `wanted` that `found` lacks or has otherwise, as "field: wanted 1, found 2". Pure.
[[nodiscard]] std::vector<std::string> differences(const boost::json::object& wanted,
                                                   const boost::json::object& found);

// "2.9.10" < "2.14.4". Pure.
[[nodiscard]] bool is_version_before(std::string_view version, std::string_view other);

// Finds the stream, or creates it; reads it back and compares. With replicas it waits up to three
// times `timeout` for a stream that is being made.
//   unsupported   the server is too old, or did not take what we asked for
//   corrupt       the stream exists with other settings: somebody changed it behind our back
//   unavailable   no quorum, no JetStream, no answer
[[nodiscard]] Task<Result<StreamState>> ensure_stream(Connection& connection,
                                                      boost::json::object wanted,
                                                      std::chrono::milliseconds timeout);

//   not_found     there is no such stream
[[nodiscard]] Task<Result<StreamState>> stream_state(Connection& connection, std::string name,
                                                     std::chrono::milliseconds timeout);

// Whether a server without a quorum of its peers has answered: it says so, or it is a stream's
// leader that has not heard of most of its replicas lately. Until it steps down, after 10 s, such a
// leader tells of a stream as it was before, and another one may have been elected.
[[nodiscard]] bool lacks_quorum(const boost::json::object& answer);

// Turns the `error` object of an API answer into ours, or that it lacks a quorum; nothing
// otherwise.
[[nodiscard]] std::optional<Error> api_error(const boost::json::object& answer);

} // namespace sealstream::jetstream
