#pragma once

// Looks at the files of a ledger's packs while it runs, and hands over what has been edited: for
// development. An edit that is wrong, or can not be taken over, is told once, and what was there
// goes on.
//
// Executor   The I/O thread; files are read on the blocking pool.

#include "config/settings.hpp"
#include "core/async/blocking_pool.hpp"
#include "core/async/stop.hpp"
#include "core/packs/pack_set.hpp"

#include <functional>

namespace sealstream {

class PackWatch {
public:
    using TakeOver = std::function<Task<Result<void>>(PackSet)>;

    // `now` is what the settings have been loaded to.
    PackWatch(Settings settings, const PackSet& now, BlockingPool& threads, Stop& stop,
              TakeOver take_over);

    // Until a stop is asked for.
    [[nodiscard]] Task<void> run();

private:
    [[nodiscard]] Task<void> look();
    void tell(const Error& error);

    const Settings settings_;
    BlockingPool& threads_;
    Stop& stop_;
    TakeOver take_over_;
    std::string taken_; // digests of what runs
    std::string told_;  // the latest complaint
};

} // namespace sealstream
