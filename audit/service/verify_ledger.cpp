#include "audit/service/verify_ledger.hpp"

#include "audit/service/record_reader.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::size_t entries_max = 16; // of the audit stream at once
constexpr std::size_t records_ahead = 8'192;
constexpr std::size_t expectations_ahead = 8'192;
constexpr unsigned missing_entries_max = 1'000;

class LedgerVerification {
public:
    LedgerVerification(EventLog& log, AuditLog& audit, const VerifyOptions& options,
                       std::optional<KnownTree> known)
        : audit_{audit},
          options_{options},
          findings_{report_, options.findings_max},
          trail_{options.trusted, commit_incarnation(log.incarnation()), known, report_, findings_},
          matcher_{trail_.expectations(), report_, findings_},
          reader_{log}
    {
    }

    Task<void> run(EventLog& log)
    {
        // The audit stream's end first: the log's end, read later, then lies behind all that is
        // sealed.
        const auto last = co_await audit_.last();
        const auto head = co_await log.head();
        if (!last || !head) {
            unreachable(last ? head.error() : last.error());
            co_return;
        }
        const auto executor = co_await boost::asio::this_coro::executor;
        last_entry_ = *last;
        report_.head = *head;
        while (!is_failed_ && !is_done()) {
            co_await settle(log);
            co_await step();
            tell_progress();
            co_await boost::asio::post(executor, boost::asio::use_awaitable); // let others run
        }
    }

    VerifyReport finish()
    {
        if (!is_failed_) {
            matcher_.count_unsealed();
            judge_unsealed();
        }
        report_.verdict = findings_.verdict();
        return std::move(report_);
    }

    void unreachable(const Error& error)
    {
        is_failed_ = true;
        findings_.add({FindingKind::store_unreachable, {}, {}, {}, {}, {}, {}, describe(error)});
    }

private:
    [[nodiscard]] bool is_trail_done() const { return next_entry_ > last_entry_; }
    [[nodiscard]] bool is_at_head() const { return next_position_ > report_.head; }
    [[nodiscard]] bool is_log_done() const
    {
        return is_at_head() && (is_settled_ || sealed_above_head() == Position{});
    }
    // The last record that the log must have, if that is above its head; else 0.
    [[nodiscard]] Position sealed_above_head() const
    {
        const auto& expected = trail_.expectations();
        const auto last = std::find_if(expected.rbegin(), expected.rend(), [](const auto& one) {
            return one.kind == Expectation::Kind::event || one.kind == Expectation::Kind::rejected;
        });
        const bool is_above =
            last != expected.rend() && !last->is_of_other_log && last->first > report_.head;
        return is_above ? last->first : Position{};
    }
    [[nodiscard]] bool is_done() const
    {
        return is_trail_done() && is_log_done() && is_finished_ && trail_empty_;
    }

    // What is sealed above the log's end is lost, unless the server that told the end was behind.
    Task<void> settle(EventLog& log)
    {
        if (is_failed_ || is_log_done() || !is_at_head()) {
            co_return;
        }
        const Position sealed = sealed_above_head();
        const auto head = co_await log.settled_head(sealed);
        if (!head) {
            unreachable(head.error());
            co_return;
        }
        report_.head = std::max(report_.head, *head);
        is_settled_ = *head < sealed;
    }

    Task<void> step()
    {
        if (!is_trail_done() && trail_.expectations().size() < expectations_ahead) {
            co_await read_entries();
        }
        if (is_trail_done() && !is_finished_) {
            is_finished_ = true;
            trail_.finish();
        }
        // Behind what is sealed the log is read on too, for its unsealed tail.
        if (!is_failed_ && !is_at_head() && matcher_.waiting() < records_ahead) {
            co_await read_records();
        }
        matcher_.match(is_log_done(), is_trail_done());
        if (const auto position = matcher_.wants_restart()) {
            matcher_.restart();
            next_position_ = *position;
        }
        trail_empty_ = trail_.expectations().empty();
        // Without an expectation left, what waits has no leaf: no need to keep all of it.
        if (is_finished_ && trail_empty_) {
            matcher_.count_unsealed();
        }
    }

    Task<void> read_entries()
    {
        const auto page = co_await audit_.read_from(next_entry_ - 1, entries_max);
        if (page && !page->empty()) {
            for (const AuditEntry& entry : *page) {
                trail_.accept(entry.sequence, entry.bytes);
            }
            next_entry_ = page->back().sequence + 1;
            co_return;
        }
        if (!page && page.error().code != Errc::corrupt) {
            unreachable(page.error());
            co_return;
        }
        const auto one = co_await audit_.read_from(next_entry_ - 1, 1);
        if (one && !one->empty()) {
            trail_.accept(one->front().sequence, one->front().bytes);
        } else if (missing_entries_++ < missing_entries_max) {
            trail_.missing(next_entry_);
        } else {
            unreachable({Errc::corrupt, "too many entries of the audit stream are missing"});
        }
        ++next_entry_;
    }

    Task<void> read_records()
    {
        auto slots = co_await reader_.read(next_position_, report_.head);
        if (!slots) {
            unreachable(slots.error());
            co_return;
        }
        for (RecordSlot& slot : *slots) {
            next_position_ = slot.position.next();
            if (slot.record) {
                matcher_.add(*std::move(slot.record));
            } else {
                matcher_.add_missing(slot.position);
            }
        }
    }

    void tell_progress()
    {
        if (options_.on_progress && report_.events - told_ >= options_.progress_events) {
            told_ = report_.events;
            options_.on_progress({Position{next_position_.value - 1 - matcher_.waiting()},
                                  report_.head, report_.events, report_.findings_total});
        }
    }

    void judge_unsealed()
    {
        const auto since = matcher_.unsealed_since();
        const std::int64_t patience = std::chrono::nanoseconds{options_.unsealed_max}.count();
        if (since && options_.now && since->nanoseconds + patience < options_.now->nanoseconds) {
            findings_.add(
                {FindingKind::unsealed_too_long,
                 report_.covered.next(),
                 {},
                 {},
                 {},
                 {},
                 {},
                 std::to_string(report_.unsealed) +
                     " events wait for their leaf: the auditor stands still, or its stream "
                     "was cut off"});
        }
    }

    AuditLog& audit_;
    const VerifyOptions& options_;
    VerifyReport report_;
    FindingList findings_;
    TrailVerifier trail_;
    LogMatcher matcher_;
    RecordReader reader_;
    std::uint64_t next_entry_{1};
    std::uint64_t last_entry_{0};
    Position next_position_{1};
    unsigned missing_entries_{0};
    bool is_settled_{false}; // the log does end before what is sealed
    std::uint64_t told_{0};
    bool is_finished_{false};
    bool trail_empty_{false};
    bool is_failed_{false};
};

// The tree of a checkpoint that was seen earlier; it must be signed by a trusted key itself.
Result<std::optional<KnownTree>> known_tree(const VerifyOptions& options)
{
    if (!options.known_note) {
        return std::optional<KnownTree>{};
    }
    SEAL_TRY(note, parse_note(*options.known_note));
    SEAL_TRY(checkpoint, open_checkpoint(note, options.trusted));
    return std::optional{KnownTree{checkpoint.size, checkpoint.root}};
}

} // namespace

Task<VerifyReport> verify_ledger(EventLog& log, AuditLog& audit, VerifyOptions options)
{
    const auto known = known_tree(options);
    LedgerVerification verification{log, audit, options, known ? *known : std::nullopt};
    if (!known) {
        verification.unreachable(with_context(known.error(), "the known checkpoint"));
    } else {
        co_await verification.run(log);
    }
    co_return verification.finish();
}

} // namespace sealstream
