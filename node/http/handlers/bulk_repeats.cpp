// Repeats within a bulk: the ids of all its lines are looked up at once, so that a bulk that is
// sent again after a broken connection passes what is there already without asking for each line.

#include "node/http/handlers/append_once.hpp"
#include "node/http/handlers/bulk.hpp"
#include "node/http/index_watch.hpp"

namespace sealstream::http {

namespace {

bool item_may_be_repeat(const BulkItem& item)
{
    return item.draft && !item.has_fresh_id;
}

void refuse(BulkItem& item, const Error& error)
{
    item.error = error;
    item.draft.reset();
}

void settle_known(BulkItem& item, const KnownPlace& known)
{
    if (!known.is_same) {
        refuse(item, Error{Errc::key_reuse, "the id is in the log with other content"});
        return;
    }
    item.placed = known.placed;
    item.is_repeat = true;
    item.draft.reset();
}

} // namespace

Task<std::vector<BulkItem>> settle_repeats(Services& services, std::vector<BulkItem> items,
                                           Monotonic& send_until)
{
    std::vector<std::size_t> asked;
    std::vector<EventId> ids;
    for (std::size_t at = 0; at < items.size(); ++at) {
        if (item_may_be_repeat(items[at])) {
            asked.push_back(at);
            ids.push_back(items[at].draft->id);
        }
    }
    send_until = Monotonic::max();
    if (asked.empty() || services.id_lookup == nullptr) {
        co_return items;
    }
    const auto found = co_await services.id_lookup->look_up(std::move(ids));
    if (!found) {
        for (const std::size_t at : asked) {
            refuse(items[at], found.error());
        }
        co_return items;
    }
    send_until = found->send_until;
    std::vector<DraftAt> drafts;
    for (const std::size_t at : asked) {
        drafts.push_back({&items[at].stream, &*items[at].draft});
    }
    auto places = found->places;
    auto parts = known_events_parts(services);
    const auto known =
        co_await compare_with_log(std::move(parts), std::move(drafts), std::move(places));
    for (std::size_t number = 0; number < asked.size(); ++number) {
        BulkItem& item = items[asked[number]];
        if (!known) {
            refuse(item, known.error());
        } else if ((*known)[number]) {
            settle_known(item, *(*known)[number]);
        }
    }
    co_return items;
}

Task<void> let_index_catch_up(Services& services)
{
    if (services.index_watch == nullptr || !services.log.forgets_ids()) {
        co_return;
    }
    const auto head = co_await services.log.head();
    if (head) {
        const auto patience = services.limits.bulk_index_wait;
        [[maybe_unused]] const auto reached = co_await services.index_watch->reach(*head, patience);
    }
}

} // namespace sealstream::http
