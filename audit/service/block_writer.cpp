#include "audit/service/block_writer.hpp"

#include "core/base/log.hpp"

namespace sealstream {

namespace {

constexpr std::chrono::milliseconds patience{30'000}; // a look around when nobody wakes us

} // namespace

BlockWriter::BlockWriter(Parts parts, Sealer& sealer, std::uint64_t last, std::uint64_t signed_size,
                         boost::asio::any_io_executor executor)
    : parts_{parts},
      sealer_{sealer},
      last_{last},
      signed_size_{signed_size},
      signed_at_{parts.clock.monotonic()},
      linger_since_{signed_at_},
      changed_{executor},
      room_{executor},
      tasks_{executor}
{
    const AuditHead& head = sealer.head();
    written_.tree_size = head.tree.size();
    written_.root = head.tree.root();
    written_.covered = head.covered;
}

Task<void> BlockWriter::wait_for_room()
{
    while (!failure_ && sealer_.pending_bytes() > parts_.options.pending_bytes_max) {
        co_await room_.wait_for(patience);
    }
}

Task<Result<void>> BlockWriter::finish()
{
    is_finishing_ = true;
    changed_.notify_all();
    while (tasks_.running() != 0) {
        co_await tasks_.wait_idle(patience);
    }
    co_return failure_ ? Result<void>{*failure_} : Result<void>{};
}

Task<void> BlockWriter::run()
{
    while (!failure_) {
        const bool has_work = sealer_.pending_leaves() != 0;
        if (has_work && !has_pending_) {
            linger_since_ = parts_.clock.monotonic();
        }
        has_pending_ = has_work;
        const bool must_write = has_work && (is_finishing_ || !is_lingering());
        if (must_write || is_checkpoint_due()) {
            const auto stepped = co_await step();
            if (!stepped) {
                failure_ = stepped.error();
            }
        } else if (is_finishing_) {
            break;
        } else {
            co_await changed_.wait_for(time_to_look(has_work));
        }
    }
    room_.notify_all();
}

// Until the next thing is due, if nobody wakes us before.
std::chrono::nanoseconds BlockWriter::time_to_look(bool has_work) const
{
    const Monotonic now = parts_.clock.monotonic();
    std::chrono::nanoseconds wait = patience;
    if (has_work) {
        wait = std::min<std::chrono::nanoseconds>(wait, linger_since_ +
                                                            parts_.options.block_linger - now);
    }
    if (written_.tree_size != signed_size_) {
        wait = std::min<std::chrono::nanoseconds>(
            wait, signed_at_ + parts_.options.checkpoint_interval - now);
    }
    return std::max<std::chrono::nanoseconds>(wait, std::chrono::milliseconds{1});
}

bool BlockWriter::is_lingering() const
{
    return sealer_.pending_leaves() < block_leaves_max &&
           parts_.clock.monotonic() - linger_since_ < parts_.options.block_linger;
}

bool BlockWriter::is_checkpoint_due() const
{
    if (written_.tree_size == signed_size_) {
        return false;
    }
    return is_finishing_ || unsigned_events_ >= parts_.options.checkpoint_events ||
           parts_.clock.monotonic() - signed_at_ >= parts_.options.checkpoint_interval;
}

Task<Result<void>> BlockWriter::step()
{
    if (sealer_.pending_leaves() != 0) {
        const auto done = co_await write();
        if (!done) {
            co_return done.error();
        }
    }
    if (is_checkpoint_due()) {
        co_return co_await sign();
    }
    co_return Result<void>{};
}

Task<Result<void>> BlockWriter::write()
{
    SealedBlocks blocks = sealer_.take();
    has_pending_ = false;
    const std::size_t entries = blocks.entries.size();
    const Monotonic begin = parts_.clock.monotonic();
    const auto appended = co_await append(std::move(blocks.entries));
    if (!appended) {
        co_return appended.error();
    }
    blocks.entries.clear();
    unsigned_events_ += blocks.events;
    written_ = std::move(blocks);
    parts_.status.tree_size = written_.tree_size;
    parts_.status.covered = written_.covered;
    parts_.metrics.appended(entries, written_.bytes, written_.covered, written_.tree_size,
                            parts_.clock.monotonic() - begin);
    room_.notify_all();
    co_return Result<void>{};
}

Task<Result<void>> BlockWriter::sign()
{
    const Monotonic begin = parts_.clock.monotonic();
    signed_at_ = begin;
    auto head = co_await parts_.signer.sign(last_, written_.tree_size, written_.root);
    if (!head && head.error().code == Errc::refused && !is_finishing_) {
        parts_.metrics.signing_refused();
        log(Level::warn, "audit.signing_refused", "audit", {{"why", head.error().context}});
        co_return Result<void>{};
    }
    if (!head) {
        co_return with_context(head.error(), "signing");
    }
    std::vector<Bytes> entries;
    entries.push_back(std::move(head->entry));
    const auto appended = co_await append(std::move(entries));
    if (!appended) {
        co_return appended.error();
    }
    signed_size_ = head->checkpoint.size;
    unsigned_events_ = 0;
    parts_.status.checkpoint_size = signed_size_;
    parts_.status.checkpoint_time = parts_.clock.wall();
    parts_.metrics.signed_checkpoint(signed_size_, parts_.status.checkpoint_time,
                                     parts_.clock.monotonic() - begin);
    co_return Result<void>{};
}

Task<Result<void>> BlockWriter::append(std::vector<Bytes> entries)
{
    const std::uint64_t expected = last_ + entries.size();
    const auto reached = co_await parts_.audit.append(last_, std::move(entries));
    if (!reached) {
        co_return reached.error();
    }
    if (*reached != expected) {
        co_return Error{Errc::outcome_unknown, "the audit stream took another number of entries"};
    }
    last_ = expected;
    co_return Result<void>{};
}

} // namespace sealstream
