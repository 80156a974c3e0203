#include "node/pack_watch.hpp"

#include "config/load_packs.hpp"
#include "core/base/log.hpp"

#include <sstream>

namespace sealstream {

namespace {

std::string digests_of(const PackSet& packs)
{
    std::string all;
    for (const auto& mounted : packs) {
        all += mounted.pack->digest + " ";
    }
    return all;
}

} // namespace

PackWatch::PackWatch(Settings settings, const PackSet& now, BlockingPool& threads, Stop& stop,
                     TakeOver take_over)
    : settings_{std::move(settings)},
      threads_{threads},
      stop_{stop},
      take_over_{std::move(take_over)},
      taken_{digests_of(now)}
{
}

Task<void> PackWatch::run()
{
    while (!stop_.requested()) {
        co_await stop_.sleep_for(settings_.packs.watch);
        if (!stop_.requested()) {
            co_await look();
        }
    }
}

Task<void> PackWatch::look()
{
    const auto read = [settings = settings_] { return load_packs(settings); };
    auto loaded = co_await threads_.run(read);
    if (!loaded) {
        tell(loaded.error());
        co_return;
    }
    const std::string digests = digests_of(*loaded);
    if (digests == taken_) {
        told_.clear();
        co_return;
    }
    PackSet packs = *loaded;
    const auto taken = co_await take_over_(std::move(packs));
    if (!taken) {
        tell(taken.error());
        co_return;
    }
    taken_ = digests;
    told_.clear();
    for (const auto& mounted : *loaded) {
        log(Level::warn, "pack.taken_over", "node",
            {{"ledger", settings_.ledger.name},
             {"pack", mounted.pack->name},
             {"version", mounted.pack->version}});
    }
}

void PackWatch::tell(const Error& error)
{
    const std::string text = describe(error);
    if (text == told_) {
        return;
    }
    told_ = text;
    std::istringstream lines{error.context};
    for (std::string line; std::getline(lines, line);) {
        log(Level::warn, "pack.edit_refused", "node",
            {{"ledger", settings_.ledger.name}, {"why", line}});
    }
}

} // namespace sealstream
