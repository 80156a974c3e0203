#pragma once

// The pure rule of appending: given what a stream's head is, may these drafts follow, and as what?
// All event logs use it, so that they can not differ.

#include "core/event/codec.hpp"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace sealstream {

// What a stream must be like for an append to happen.
struct Expected {
    enum class Kind : std::uint8_t { any, version, absent, present };
    Kind kind{Kind::any};
    Version version{}; // for Kind::version

    friend bool operator==(const Expected&, const Expected&) = default;
};

// The newest event of a stream; version 0 when the stream has none.
struct StreamHead {
    Version version;
    Position position; // 0 when the stream has none
    Digest hash{};     // of the newest event; zeros when not chained or empty

    friend bool operator==(const StreamHead&, const StreamHead&) = default;
};

// Whether who expects this has seen more of the stream than `head` has: he is wrong, or it is old.
[[nodiscard]] bool expects_more(const Expected& expected, const StreamHead& head) noexcept;

// Drafts for one stream, appended in order.
struct StreamAppend {
    StreamName stream;
    Expected expected;
    std::vector<Draft> drafts;
    bool has_fresh_ids{false}; // this node has just made all ids: it can not be a repeat
};

// A condition on a stream to which nothing is appended.
struct StreamCheck {
    StreamName stream;
    Expected expected; // any is no condition, and malformed here

    friend bool operator==(const StreamCheck&, const StreamCheck&) = default;
};

// What the caller has decided about an append by rules that may change while it waits.
struct Permit {
    Monotonic holds_until{Monotonic::max()};
    // Asked when that is over: until when it holds by now, which may still be in the past; or why
    // it does not any more. Shared, because each request carries it. Null: it is over.
    using Renew = std::function<Result<Monotonic>()>;
    std::shared_ptr<const Renew> renew{};
};

// One append: all of it happens, or nothing. Checks hold at the very moment at which it does.
struct AppendRequest {
    std::vector<StreamAppend> appends;
    std::vector<StreamCheck> checks;
    // A log that forgets ids sends nothing from then on: timed_out, when it was not sent before.
    Monotonic send_until{Monotonic::max()};
    // A log that lets appends wait asks it each time before it sends; not sent is unavailable.
    Permit permit{};

    AppendRequest() = default;
    // Implicit: most appends check nothing but what they write.
    AppendRequest(std::vector<StreamAppend> writes, std::vector<StreamCheck> others = {})
        : appends{std::move(writes)},
          checks{std::move(others)}
    {
    }

    [[nodiscard]] std::size_t events() const noexcept;
};

// Which streams are chained.
struct ChainPolicy {
    bool is_required_everywhere{false};
    std::vector<std::string> stream_types; // sorted

    [[nodiscard]] bool requires_chain(std::string_view stream_type) const;
};

// Which streams take no append without a condition of its own.
struct ConditionPolicy {
    bool is_required_everywhere{false};
    std::vector<std::string> stream_types; // sorted

    //   precondition_required   the stream's type demands a condition, and `expected` is none
    [[nodiscard]] Result<void> check(const StreamName& stream, const Expected& expected) const;
};

// Whether the request is one that a log may take at all.
//   malformed   no drafts; a stream or an id that comes twice; a stream without drafts; a check of
//   a
//               stream that the request appends to, or without a condition
//   too_large   more than `most` events, or more than `most` streams written or checked
[[nodiscard]] Result<void> check_request(const AppendRequest& request, std::size_t most);

//   conflict   the head does not meet `expected`; nothing else can go wrong
[[nodiscard]] Result<void> check_expected(const Expected& expected, const StreamHead& head);

// Seals the drafts onto `head`: versions, and hashes where the stream is chained. Moves `head` on
// (its position stays: only the log knows it).
[[nodiscard]] std::vector<Event> seal(const StreamAppend& append, StreamHead& head,
                                      bool is_chained);

} // namespace sealstream
