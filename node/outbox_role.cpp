#include "node/outbox_role.hpp"

#include "core/async/backoff.hpp"
#include "core/base/log.hpp"
#include "node/rules/rulebook_follower.hpp"
#include "postgres/append_settings.hpp"

namespace sealstream {

namespace {

class AdmittingTarget final : public OutboxTarget {
public:
    AdmittingTarget(EventLog& log, http::AdmissionParts admission)
        : log_{log},
          admission_{admission}
    {
    }

    Task<Result<Appended>> append(std::vector<StreamAppend> batch) override
    {
        auto candidates = http::candidates_in(batch);
        SEAL_CO_TRY(admission, co_await http::admit_events(admission_, std::move(candidates)));
        if (!admission.refusals.empty()) {
            const http::Refusal& first = admission.refusals.front();
            co_return with_context(first.error, first.rule);
        }
        if (admission.has_old_repeats) {
            SEAL_CO_TRY(original, co_await answer_again(batch));
            co_return std::move(original);
        }
        co_return co_await log_.append(std::move(batch));
    }

private:
    // What is in the log already, though the rules refuse it now, is relayed: nothing is appended.
    //   key_reuse   a part of it is not there
    [[nodiscard]] Task<Result<Appended>> answer_again(const std::vector<StreamAppend>& batch)
    {
        http::KnownEventsParts parts{log_, admission_.id_lookup};
        if (admission_.rules != nullptr) {
            SEAL_CO_TRY(rules, admission_.rules->current());
            parts.rules = rules;
        }
        auto drafts = http::drafts_of(batch);
        SEAL_CO_TRY(known, co_await http::find_known(std::move(parts), std::move(drafts)));
        co_return http::original_answer(known);
    }

    EventLog& log_;
    const http::AdmissionParts admission_;
};

OutboxOptions options_of(const Settings& settings)
{
    OutboxOptions options;
    options.ledger = settings.ledger.name;
    options.poll_interval = settings.outbox.poll;
    options.page_events_max = settings.outbox.page_events_max;
    options.keep_emitted = settings.outbox.keep;
    return options;
}

} // namespace

OutboxRole::OutboxRole(const Settings& settings, Stores& stores, StoresContext context, Stop& stop,
                       prometheus::Registry& registry, http::AdmissionParts admission)
    : settings_{settings},
      stores_{stores},
      context_{context},
      stop_{stop},
      target_{std::make_unique<AdmittingTarget>(*stores.log, admission)},
      metrics_{registry},
      relay_{*stores.log,   *target_, *stores.pool,         context.threads,
             context.clock, stop,     options_of(settings), metrics_}
{
}

OutboxRole::~OutboxRole() = default;

Task<void> OutboxRole::run()
{
    const auto prepared = co_await prepare();
    if (prepared) {
        co_await relay_.run();
    } else if (prepared.error().code != Errc::shutting_down) {
        metrics_.halted(true);
        log(Level::error, "outbox.not_started", "node",
            {{"ledger", settings_.ledger.name}, {"why", describe(prepared.error())}});
    }
}

Task<Result<void>> OutboxRole::prepare()
{
    SEAL_CO_TRY_VOID(co_await migrate_patiently(*stores_.pool, context_));
    Backoff backoff{{std::chrono::milliseconds{50}, std::chrono::milliseconds{2'000}}};
    while (!stop_.requested()) {
        auto write = [settings = AppendSettings{settings_.ledger.name, AppendTarget::outbox,
                                                settings_.ledger.codec,
                                                settings_.ledger.chain}](Connection& connection) {
            return write_append_settings(connection, settings);
        };
        const auto written =
            co_await with_connection(context_.threads, *stores_.pool, std::move(write));
        if (written || !info(written.error().code).is_retryable) {
            co_return written;
        }
        co_await stop_.sleep_for(backoff.next());
    }
    co_return Error{Errc::shutting_down, {}};
}

} // namespace sealstream
