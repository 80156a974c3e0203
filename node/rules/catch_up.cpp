#include "node/rules/catch_up.hpp"

namespace sealstream {

Task<Result<void>> catch_up(EventLog& log, RulebookFollower& rules, StreamName stream,
                            std::chrono::milliseconds longest)
{
    const auto head = co_await log.stream_head(std::move(stream));
    if (!head) {
        co_return head.error();
    }
    const auto applied = co_await rules.applied(head->position, longest);
    if (!applied) {
        co_return applied.error();
    }
    co_return Result<void>{};
}

} // namespace sealstream
