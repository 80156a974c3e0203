#include "node/cli/pack_test_case.hpp"

#include "core/async/notifier.hpp"
#include "core/rules/system_streams.hpp"
#include "projections/work/work_store.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace sealstream::cli {

namespace {

namespace json = boost::json;

constexpr std::chrono::seconds patience{30};
constexpr std::chrono::milliseconds case_look_interval{20};
constexpr std::size_t case_answer_bytes_max = 8 << 20;

struct Answered {
    int status{0};
    std::string text;
    json::value body; // null when it is no JSON
};

NodeVerb verb_named(const std::string& method)
{
    static const std::map<std::string, NodeVerb> verbs{{"GET", NodeVerb::get},
                                                       {"POST", NodeVerb::post},
                                                       {"PUT", NodeVerb::put},
                                                       {"PATCH", NodeVerb::patch},
                                                       {"DELETE", NodeVerb::erase}};
    return verbs.at(method); // read_cases() lets no other through
}

class CaseRun {
public:
    CaseRun(CaseWorld& world, PackCase wanted, boost::asio::any_io_executor executor)
        : world_{world},
          case_{std::move(wanted)},
          pause_{executor}
    {
    }

    Task<Result<std::vector<std::string>>> run()
    {
        const auto made = co_await schemas(); // a pack is served before its tables are made
        if (!made) {
            co_return made.error();
        }
        SEAL_CO_TRY_VOID(co_await give());
        if (told_.empty() && !case_.rows.empty()) {
            SEAL_CO_TRY_VOID(co_await check_tables());
        }
        for (std::size_t number = 1; told_.empty() && number <= case_.steps.size(); ++number) {
            SEAL_CO_TRY_VOID(co_await take_step(number));
        }
        co_return std::move(told_);
    }

private:
    void tell(const std::string& where, const std::vector<std::string>& lines)
    {
        for (const auto& line : lines) {
            told_.push_back(where + line);
        }
    }

    Task<Result<Answered>> ask(NodeRequest request)
    {
        NodeAccess access;
        access.url = world_.url;
        access.patience = patience;
        SEAL_CO_TRY(answer, co_await NodeAnswer::ask(std::move(access), std::move(request)));
        Answered made{answer->status(), {}, nullptr};
        while (made.text.size() < case_answer_bytes_max) {
            SEAL_CO_TRY(piece, co_await answer->read_some());
            if (piece.empty()) {
                break;
            }
            made.text += piece;
        }
        boost::system::error_code failed;
        auto body = json::parse(made.text, failed);
        if (!failed) {
            made.body = std::move(body);
        }
        co_return made;
    }

    Task<Result<void>> give()
    {
        for (std::size_t index = 0; index < case_.given.size(); ++index) {
            const auto& given = case_.given[index];
            NodeRequest request{NodeVerb::post, "/v1/streams/" + given.stream + "/events", {}, {}};
            request.body = json::serialize(given.event);
            request.fields.emplace_back("Content-Type", "application/json");
            if (!given.source.empty()) {
                request.fields.emplace_back("Sealstream-Source", given.source);
            }
            SEAL_CO_TRY(answer, co_await ask(std::move(request)));
            if (answer.status != 201) {
                tell("given " + std::to_string(index + 1) + ": ",
                     {"refused with " + std::to_string(answer.status) + ": " + answer.text});
                co_return Result<void>{};
            }
        }
        SEAL_CO_TRY_VOID(co_await read_new_events());
        co_return Result<void>{};
    }

    // What has been appended since the last time, without the ledger's own streams.
    Task<Result<json::array>> read_new_events()
    {
        json::array events;
        while (true) {
            NodeRequest request;
            request.target = "/v1/events?limit=1000&after=" + cursor_;
            SEAL_CO_TRY(answer, co_await ask(std::move(request)));
            const auto* page = answer.body.if_object();
            const auto* all = page == nullptr ? nullptr : page->if_contains("events");
            if (all == nullptr || !all->is_array()) {
                co_return Error{Errc::unavailable, "GET /v1/events: " + answer.text};
            }
            for (const auto& event : all->as_array()) {
                const auto* stream = event.as_object().if_contains("stream");
                const bool is_own =
                    stream != nullptr && stream->is_string() &&
                    std::string_view{stream->as_string()}.starts_with(system_prefix);
                if (!is_own) {
                    events.push_back(event);
                }
                cursor_ = std::string{event.at("position").as_string()};
            }
            if (all->as_array().empty()) {
                co_return events;
            }
        }
    }

    // Until the projections of the pack show everything that has been read of the log.
    Task<Result<std::vector<std::string>>> schemas()
    {
        const auto deadline = world_.clock->monotonic() + patience;
        std::vector<std::string> found;
        for (const auto& projection : world_.pack->projections) {
            const std::string name = projection_name(world_.pack->name, projection.name);
            while (true) {
                const auto rows = world_.database->run(
                    "SELECT schema_name, cursor >= $3::bigint, coalesce(halted, '')"
                    " FROM sealstream.projections"
                    " WHERE ledger = $1 AND name = $2 AND state = 'active'",
                    {world_.ledger, name, cursor_});
                if (!rows) {
                    co_return rows.error();
                }
                if (rows->rows() == 1 && rows->text(0, 2) != "") {
                    co_return Error{Errc::refused, "projection " + name + " has halted: " +
                                                       std::string{rows->text(0, 2)}};
                }
                if (rows->rows() == 1 && rows->text(0, 1) == "t") {
                    found.emplace_back(rows->text(0, 0));
                    break;
                }
                if (world_.clock->monotonic() > deadline) {
                    co_return Error{Errc::timed_out, "projection " + name + " does not follow"};
                }
                co_await pause_.wait_for(case_look_interval);
            }
        }
        co_return found;
    }

    Task<Result<void>> check_tables()
    {
        const auto names = co_await schemas();
        if (!names && (names.error().code == Errc::refused)) {
            told_.push_back(names.error().context);
            co_return Result<void>{};
        }
        if (!names) {
            co_return names.error();
        }
        for (const auto& [table, rows] : case_.rows) {
            bool is_found = false;
            for (const auto& schema : *names) {
                const auto there = world_.database->run("SELECT to_regclass($1) IS NOT NULL",
                                                        {quoted(schema) + "." + quoted(table)});
                if (!there) {
                    co_return there.error();
                }
                if (there->text(0, 0) == "t") {
                    SEAL_CO_TRY_VOID(check_table(schema, table, rows));
                    is_found = true;
                }
            }
            if (!is_found) {
                told_.push_back("rows " + table + ": there is no such table");
            }
        }
        co_return Result<void>{};
    }

    static std::string quoted(const std::string& name)
    {
        std::string all = "\"";
        for (const char c : name) {
            all += c == '"' ? "\"\"" : std::string(1, c);
        }
        return all + "\"";
    }

    Result<void> check_table(const std::string& schema, const std::string& table,
                             const json::array& rows)
    {
        const auto all = world_.database->run("SELECT to_jsonb(t)::text FROM " + quoted(schema) +
                                              "." + quoted(table) + " t");
        if (!all) {
            return all.error();
        }
        json::array found;
        for (std::size_t row = 0; row < all->rows(); ++row) {
            found.push_back(json::parse(std::string{all->text(row, 0)}));
        }
        tell("rows " + table + ": ", row_differences(rows, found));
        return {};
    }

    [[nodiscard]] std::string with_position(const std::string& target) const
    {
        return target + (target.find('?') == std::string::npos ? "?" : "&") +
               "min-position=" + cursor_ + "&wait=" + std::to_string(patience.count() / 2);
    }

    Task<Result<void>> take_step(std::size_t number)
    {
        const PackStep& step = case_.steps[number - 1];
        if (step.method.empty()) {
            co_return co_await run_work(number, step);
        }
        const std::string where =
            "step " + std::to_string(number) + ", " + step.method + " " + step.target + ": ";
        NodeRequest request{verb_named(step.method), step.target, step.fields, {}};
        if (step.method == "GET") {
            request.target = with_position(step.target);
        }
        if (step.body) {
            request.body = json::serialize(*step.body);
            request.fields.emplace_back("Content-Type", "application/json");
        }
        SEAL_CO_TRY(answer, co_await ask(std::move(request)));
        const bool is_expected = step.status == 0 ? answer.status / 100 == 2
                                                  : answer.status == static_cast<int>(step.status);
        if (!is_expected) {
            tell(where, {"status: expected " +
                         (step.status == 0 ? std::string{"2xx"} : std::to_string(step.status)) +
                         ", is " + std::to_string(answer.status) + ": " + answer.text});
            co_return Result<void>{};
        }
        if (step.answer) {
            tell(where + "answer ", differences(*step.answer, answer.body));
        }
        SEAL_CO_TRY(events, co_await read_new_events());
        if (step.events) {
            tell(where + "events ", differences(json::value(*step.events), json::value(events)));
        }
        co_return Result<void>{};
    }

    // An invariant or a schedule, by its runner: over all that has been appended so far.
    Task<Result<void>> run_work(std::size_t number, const PackStep& step)
    {
        const bool is_invariant = !step.invariant.empty();
        const std::string part = is_invariant ? step.invariant : step.schedule;
        const std::string where = "step " + std::to_string(number) + ", " +
                                  (is_invariant ? "invariant " : "schedule ") + part + ": ";
        SEAL_CO_TRY(schemas_there, co_await schemas());
        SEAL_CO_TRY(ran, co_await ran_work(step, world_.pack->name + "." + part));
        if (!ran) {
            tell(where, {"the pack declares no such one"});
            co_return Result<void>{};
        }
        if (ran->failures != 0) {
            tell(where, {"failed: " + ran->failure});
            co_return Result<void>{};
        }
        if (is_invariant) {
            tell(where, row_differences(step.breaches, json::parse(ran->rows).as_array()));
        } else if (ran->rows != "[]") {
            tell(where, {"rows were refused: " + ran->rows});
        }
        SEAL_CO_TRY(events, co_await read_new_events());
        if (step.events) {
            tell(where + "events ", differences(json::value(*step.events), json::value(events)));
        }
        co_return Result<void>{};
    }

    Task<Result<std::optional<WorkStatus>>> ran_work(const PackStep& step, std::string name)
    {
        const WorkKind kind = step.invariant.empty() ? WorkKind::schedule : WorkKind::invariant;
        const WallTime moment{
            world_.clock->wall().nanoseconds +
            std::chrono::duration_cast<std::chrono::nanoseconds>(step.after).count()};
        const auto deadline = world_.clock->monotonic() + patience;
        std::optional<std::uint64_t> wanted;
        while (true) {
            if (!wanted) { // its runner has declared it by then
                SEAL_CO_TRY(asked,
                            ask_for_run(*world_.database, world_.ledger, kind, name, moment));
                wanted = asked;
            }
            SEAL_CO_TRY(all, read_work_statuses(*world_.database, world_.ledger, kind));
            for (WorkStatus& status : all) {
                const bool is_it = wanted && status.declared.name == name;
                if (is_it && status.answered >= *wanted) {
                    co_return std::optional{std::move(status)};
                }
            }
            const bool has_declared = !all.empty();
            if (has_declared && !wanted) {
                co_return std::optional<WorkStatus>{};
            }
            if (world_.clock->monotonic() > deadline) {
                co_return Error{Errc::timed_out, name + " was not run"};
            }
            co_await pause_.wait_for(case_look_interval);
        }
    }

    CaseWorld& world_;
    PackCase case_;
    Notifier pause_;
    std::vector<std::string> told_;
    std::string cursor_{"0"};
};

} // namespace

Task<Result<std::vector<std::string>>> run_case(CaseWorld& world, PackCase wanted)
{
    const auto executor = co_await boost::asio::this_coro::executor;
    CaseRun run{world, std::move(wanted), executor};
    co_return co_await run.run();
}

} // namespace sealstream::cli
