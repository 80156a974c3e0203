#pragma once

// What the ways to read share: parameters, pages, waiting.

#include "node/feeds/event_json.hpp"
#include "node/feeds/feed_filter.hpp"
#include "node/http/request_context.hpp"

#include <optional>

namespace sealstream::http {

struct PageRequest {
    std::uint64_t after{0};
    std::size_t events_max{100};
    std::chrono::milliseconds wait{0};
    Position min_position{};
    bool is_lenient{
        false}; // Prefer: handling=lenient: less than min_position is better than nothing
    bool is_backward{false};
    EventFormat format{EventFormat::sealstream};
};

// Prefer: handling=lenient (RFC 7240, 4.4), among whatever else is preferred.
[[nodiscard]] bool prefers_lenient(const RequestContext& request);

// after, limit, wait, direction, min-position, format; Prefer: wait counts where ?wait is not
// given. malformed
[[nodiscard]] Result<PageRequest> parse_page(const RequestContext& request, const Query& query);

// {id} of the path.   malformed
[[nodiscard]] Result<EventId> event_id_of(const RequestContext& request);

// What events are to look like: ?format=cloudevents or sealstream, or a media type of CloudEvents
// in Accept.   malformed
[[nodiscard]] Result<EventFormat> event_format(const RequestContext& request, const Query& query);

// type (repeatable, and lists), stream_type, stream, source, actor, category, from, to: one meaning
// on every transport.   malformed, bad_name
[[nodiscard]] Result<FeedFilter> parse_filter(const Query& query);

inline constexpr std::size_t filter_types_max = 64;
// "A,B" and repeated parameters alike.   malformed: too many
[[nodiscard]] Result<std::vector<std::string>> parse_types(const std::vector<std::string>& lists);
// An RFC 3339 time, or nothing.   malformed
[[nodiscard]] Result<std::optional<WallTime>> parse_time(const Query& query, std::string_view name);

// An event of the index; with "skipped":true where read models do not count its type.
void append_indexed(std::string& to, EventFormat format, const IndexedEvent& event);

// One page of events under their names:
//   {"events":[…],"next":"<cursor>","is_caught_up":false}
// or, as CloudEvents, a batch: […]. Both with Link rel="next". A page that is full never changes;
// one at the end of the log does.
struct Page {
    EventFormat format{EventFormat::sealstream};
    std::string events; // their JSON, separated by commas
    std::size_t count{0};
    std::uint64_t next{0};    // position or version, whatever the cursor counts
    bool is_full{false};      // will never hold more: it may be cached for ever
    bool is_caught_up{false}; // nothing follows yet
    bool may_change{false};   // its payloads may be forgotten
    std::string tag; // distinguishes this content from all other content under the same address
};
// Says so of a page from this log; `expired` of its events are forgotten already.
void may_be_forgotten(Page& page, const EventLog& log, std::size_t expired);
[[nodiscard]] Response page_response(const RequestContext& request, const Query& query, Page page);

// How many lines at most: what was asked for, else all.
[[nodiscard]] std::optional<std::size_t> lines_limit(const Query& query, const PageRequest& page);

// Ends when an event that fits has been appended after `after`, when `wait` is over, or when the
// node stops. The position of that event, or nothing.
[[nodiscard]] Task<std::optional<Position>> wait_for_event(Services& services, Position after,
                                                           FeedFilter filter,
                                                           std::chrono::milliseconds wait);

// Where a read model stands for a read that wants `min_position`, after waiting as it wishes.
struct Reach {
    Position served{}; // the answer shows everything up to here: Sealstream-Position
    std::optional<Response> refusal{}; // to be answered instead: 503 projection_behind, unavailable
};
// One function for every read of the event index (docs/read-your-writes.md).
[[nodiscard]] Task<Reach> reach_index(Services& services, Position min_position, bool is_lenient,
                                      std::chrono::milliseconds wait);

// The same for reads of the log itself, which are never behind: only a position that has not been
// appended yet has to be waited for. `served` is set where `min_position` was given.
[[nodiscard]] Task<Reach> reach_log(Services& services, Position min_position, bool is_lenient,
                                    std::chrono::milliseconds wait);
void tell_log_position(Response& response, const Reach& reach, Position min_position);

// A cursor that can not be is the client's; all else is not.
[[nodiscard]] Response read_problem(Error error);

// 503 projection_behind, with how far the read model at `reached` is behind the log.
[[nodiscard]] Task<Response> projection_behind(Services& services, Position reached);
// What a read of the index answered instead of events; `reached` is where it stood.
[[nodiscard]] Task<Response> index_problem(Services& services, Error error, Position reached);

// Sealstream-Position, and Preference-Applied where the client got less than it wished.
void tell_position(Response& response, Position served, Position min_position);

// For what needs the index or the auditor when there is none.
[[nodiscard]] Response not_here(std::string_view what);

} // namespace sealstream::http
