#pragma once

// One request as a handler sees it. Lives in the session until the answer has been sent; so do all
// views.

#include "node/http/request_head.hpp"
#include "node/http/response.hpp"
#include "node/http/services.hpp"
#include "node/http/target.hpp"

#include <array>
#include <optional>

namespace sealstream::http {

struct Route;
struct PackEndpoint;

// The body of a request that is read while it is handled. A reader that is slow makes the client
// wait.
class BodyReader {
public:
    virtual ~BodyReader() = default;
    // The next piece, valid until the next call; empty at the end.
    //   malformed   the framing is broken, or the client went away in the middle
    //   timed_out   the client went silent
    //   shutting_down   the node stops, and the client has not sent all of it
    [[nodiscard]] virtual Task<Result<std::string_view>> read_some() = 0;
};

struct PathParameters {
    static constexpr std::size_t count_max = 8;
    struct Parameter {
        std::string_view name;  // of the pattern
        std::string_view value; // still percent-encoded
    };
    std::array<Parameter, count_max> all{};
    std::size_t count{0};
};

class RequestContext {
public:
    // `main` serves what is not below /ledgers/{name}.
    RequestContext(const RequestHead& head, Services& main);
    RequestContext(const RequestContext&) = delete;
    RequestContext& operator=(const RequestContext&) = delete;

    [[nodiscard]] const RequestHead& head() const noexcept { return head_; }
    [[nodiscard]] Services& services() const noexcept { return *services_; } // of its ledger
    // What routes match: the request's path without /ledgers/{name}.
    [[nodiscard]] std::string_view path() const noexcept;
    [[nodiscard]] std::string_view field(std::string_view lower_name) const noexcept
    {
        return head_.field(lower_name);
    }

    //   malformed   bad percent-encoding
    [[nodiscard]] Result<std::string> path_parameter(std::string_view name) const;
    // {type}/{id} of the path.   bad_name, malformed
    [[nodiscard]] Result<StreamName> stream_name() const;
    [[nodiscard]] Result<Query> query() const { return Query::parse(head_.query()); }

    // Who asks, once the request is admitted (admission.hpp).
    [[nodiscard]] const security::Caller& caller() const noexcept { return *caller_; }
    // The same for answers that outlive the request.
    [[nodiscard]] security::CallerPtr caller_ptr() const noexcept { return caller_; }
    [[nodiscard]] bool is_admitted() const noexcept { return caller_ != nullptr; }

    // Whether the caller has the role for streams of this type in this ledger. Handlers of routes
    // without {type} ask this for every stream that they touch.
    [[nodiscard]] bool may(security::Role role, std::string_view stream_type) const noexcept;
    [[nodiscard]] bool may_all(security::Role role) const noexcept; // for streams of every type
    //   forbidden   it may not
    [[nodiscard]] Result<void> require(security::Role role, std::string_view stream_type) const;

    // Who appends: what its credentials say. A caller on loopback without any may name itself with
    // Sealstream-Source.
    //   forbidden   Sealstream-Source names somebody else, or the caller has no source
    //   bad_name    not a source name
    [[nodiscard]] Result<std::string> source() const;

    // The media type of the body, without parameters, in lower case.
    [[nodiscard]] std::string content_type() const;
    // Whether Accept names exactly this type; wildcards do not count, because JSON is the default.
    [[nodiscard]] bool accepts(std::string_view type) const;
    // The value of a preference in Prefer (RFC 7240), "" where it has none; nothing when it is not
    // stated.
    [[nodiscard]] std::optional<std::string_view> preference(std::string_view lower_name) const;
    // The number in `Prefer: wait=N`, at most the limit; 0 without.
    [[nodiscard]] std::chrono::seconds preferred_wait() const;

    // Set by the session and the dispatcher.
    std::string_view body;            // whole, where the route reads it whole
    BodyReader* body_reader{nullptr}; // else
    bool is_local{false};             // the peer is on loopback
    bool is_limited{false};           // rates apply: the clients' listener
    std::string_view peer;            // its address
    // What is left of the client's rate, where rates apply.
    std::optional<security::RateLimiter::Answer> rate;
    std::string request_id;
    const Route* route{nullptr};
    std::shared_ptr<const ServedPacks> packs; // as they were when it came; may be null
    const PackEndpoint* endpoint{nullptr};    // null: a route of the node's own
    PathParameters parameters;
    // Who the connection's certificate names; null: it has none.
    const Result<security::CallerPtr>* certificate{nullptr};

    // Who a rate is counted for: the caller, else the address.
    [[nodiscard]] std::string client_name() const;
    // Counts what the request turned out to be, against the client's rate.
    void charge(security::Resource resource, std::uint64_t amount) const;

    void admit(security::CallerPtr caller) noexcept { caller_ = std::move(caller); }

private:
    const RequestHead& head_;
    Services* services_;
    std::size_t prefix_bytes_{0};
    security::CallerPtr caller_;
};

} // namespace sealstream::http
