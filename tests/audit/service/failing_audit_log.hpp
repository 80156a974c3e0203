#pragma once

// An audit stream that fails at a chosen call: once, or for ever, as after a kill of its user.

#include "core/async/awaitable.hpp"
#include "core/ports/audit_log.hpp"

#include <optional>

namespace sealstream::testing {

class FailingAuditLog final : public AuditLog {
public:
    enum class Part : std::uint8_t { nothing, first_entry, all }; // of an append that dies

    explicit FailingAuditLog(AuditLog& inner) : inner_{inner} {}

    // From call number `call` on nothing works any more.
    void die_at(std::size_t call, Part part)
    {
        dies_at_ = call;
        part_ = part;
    }
    // Append number `call` fails with `code` when so many of its entries are in.
    void fail_once_at(std::size_t call, Errc code, std::size_t entries_in)
    {
        fails_at_ = call;
        code_ = code;
        entries_in_ = entries_in;
    }
    [[nodiscard]] bool is_dead() const { return is_dead_; }

    Task<Result<std::uint64_t>> append(std::uint64_t last, std::vector<Bytes> entries) override
    {
        const bool dies = strike();
        const bool fails = fails_at_ && appends_++ == *fails_at_;
        if (is_dead_ && !dies) {
            co_return dead();
        }
        if (dies || fails) {
            const std::size_t kept = fails                        ? entries_in_
                                     : part_ == Part::nothing     ? 0
                                     : part_ == Part::first_entry ? 1
                                                                  : entries.size();
            entries.resize(std::min(kept, entries.size()));
            if (!entries.empty()) {
                const auto ignored = co_await inner_.append(last, std::move(entries));
                static_cast<void>(ignored);
            }
            co_return fails ? Error{code_, "a made-up failure"} : dead();
        }
        co_return co_await inner_.append(last, std::move(entries));
    }
    Task<Result<std::vector<AuditEntry>>> read_from(std::uint64_t after,
                                                    std::size_t entries_max) override
    {
        strike();
        if (is_dead_) {
            co_return dead();
        }
        co_return co_await inner_.read_from(after, entries_max);
    }
    Task<Result<std::uint64_t>> last() override
    {
        strike();
        if (is_dead_) {
            co_return dead();
        }
        co_return co_await inner_.last();
    }

private:
    bool strike()
    {
        const bool dies = dies_at_ && calls_++ == *dies_at_;
        is_dead_ = is_dead_ || dies;
        return dies;
    }
    static Error dead() { return {Errc::shutting_down, "the process is gone"}; }

    AuditLog& inner_;
    std::optional<std::size_t> dies_at_;
    std::optional<std::size_t> fails_at_;
    Part part_{Part::nothing};
    Errc code_{};
    std::size_t entries_in_{0};
    std::size_t calls_{0};
    std::size_t appends_{0};
    bool is_dead_{false};
};

} // namespace sealstream::testing
