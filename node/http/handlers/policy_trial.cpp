// POST /v1/policies/explain    {"type":…,"source"?,"stream"?}
//
//   200  which rule decides whether this source may emit this type, and why. Without "source" it is
//        the caller's; with "stream" (type/id) the rules about stream types count as well.
//
// POST /v1/policies/dry-run    {"policies":{"<event type>":<policy>|null,…},"events"?:1000}
//
//   200  what the newest events of the log would have met, had the policies been these; null: none.
//        Types that are not named keep theirs. With Accept: application/x-ndjson progress lines
//        come before the result. Ends early, "is_complete" false, after policy.dry_run_ms.
//
//   400  malformed, bad_name, too_large, with a pointer    503 the rules or the log are away

#include "core/event/canonical_json.hpp"
#include "node/feeds/event_json.hpp"
#include "node/http/event_input.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/policy_json.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/problem.hpp"
#include "node/rules/dry_run.hpp"
#include "node/rules/rulebook_follower.hpp"

#include <boost/json/array.hpp>

namespace sealstream::http {

namespace json = boost::json;

namespace {

Error misplaced(std::string context, std::string_view key)
{
    return Error{Errc::malformed, std::move(context), "/" + std::string{key}};
}

Result<json::object> parse_body(const RequestContext& request)
{
    const auto& limits = request.services().limits;
    SEAL_TRY(value, parse_json(request.body, {limits.json_depth_max, limits.body_bytes_max}));
    if (!value.is_object()) {
        return Error{Errc::malformed, "the body is a JSON object"};
    }
    return std::move(value.get_object());
}

// Those who ask must be given the rules.
Result<RulebookPtr> rules_for(const Services& services)
{
    if (services.rules == nullptr) {
        return Error{Errc::unavailable, "this node has no rulebook"};
    }
    return services.rules->current();
}

struct Question {
    std::string type;
    std::string source;
    std::string stream_type;
};

Result<Question> parse_question(const RequestContext& request)
{
    SEAL_TRY(body, parse_body(request));
    Question question;
    for (const auto& member : body) {
        const std::string_view key{member.key().data(), member.key().size()};
        const auto* text = member.value().if_string();
        if (key != "type" && key != "source" && key != "stream") {
            return misplaced("unknown member; a question has type, source and stream", key);
        }
        if (text == nullptr) {
            return misplaced("must be a string", key);
        }
        const auto stream =
            key == "stream" ? StreamName::parse(view(*text)) : Result<StreamName>{StreamName{}};
        const auto checked = key == "type"     ? check_event_type(view(*text))
                             : key == "source" ? check_label(view(*text))
                             : stream          ? Result<void>{}
                                               : Result<void>{stream.error()};
        if (!checked) {
            return Error{checked.error().code, checked.error().context, "/" + std::string{key}};
        }
        (key == "type"     ? question.type
         : key == "source" ? question.source
                           : question.stream_type) =
            key == "stream" ? stream->type : std::string{view(*text)};
    }
    if (question.type.empty()) {
        return misplaced("\"type\" is missing", "type");
    }
    SEAL_TRY(asking, request.source());
    if (question.source.empty()) {
        question.source = std::move(asking);
    }
    return question;
}

struct Proposal {
    std::map<std::string, std::optional<EmissionPolicy>> policies;
    std::uint64_t events{0}; // to look at
};

Result<std::uint64_t> parse_count(const json::value& value, std::uint64_t most)
{
    const auto* number = value.if_int64();
    if (number == nullptr || *number < 1 || static_cast<std::uint64_t>(*number) > most) {
        return misplaced("must be a number from 1 to " + std::to_string(most), "events");
    }
    return static_cast<std::uint64_t>(*number);
}

Result<std::map<std::string, std::optional<EmissionPolicy>>>
parse_policies(const json::value& value)
{
    if (!value.is_object() || value.get_object().empty()) {
        return misplaced("must be an object of event types and their policies", "policies");
    }
    std::map<std::string, std::optional<EmissionPolicy>> policies;
    for (const auto& member : value.get_object()) {
        const std::string type{member.key().data(), member.key().size()};
        const std::string place = "/policies/" + type;
        if (const auto checked = check_event_type(type); !checked) {
            return Error{checked.error().code, checked.error().context, place};
        }
        if (member.value().is_null()) {
            policies[type] = std::nullopt;
            continue;
        }
        auto policy = parse_emission_policy(member.value());
        if (!policy) {
            auto error = policy.error();
            error.pointer.insert(0, place);
            return error;
        }
        policies[type] = *std::move(policy);
    }
    return policies;
}

Result<Proposal> parse_proposal(const RequestContext& request)
{
    const auto& options = request.services().policy;
    SEAL_TRY(body, parse_body(request));
    Proposal proposal;
    proposal.events = std::min<std::uint64_t>(options.dry_run_events, options.dry_run_events_max);
    for (const auto& member : body) {
        const std::string_view key{member.key().data(), member.key().size()};
        if (key == "events") {
            SEAL_TRY(count, parse_count(member.value(), options.dry_run_events_max));
            proposal.events = count;
        } else if (key == "policies") {
            SEAL_TRY(policies, parse_policies(member.value()));
            proposal.policies = std::move(policies);
        } else {
            return misplaced("unknown member; a dry run has policies and events", key);
        }
    }
    if (proposal.policies.empty()) {
        return misplaced("\"policies\" is missing", "policies");
    }
    return proposal;
}

void append_counts(std::string& to, const DryRunCounts& counts)
{
    to.append("\"refused\":").append(std::to_string(counts.refused));
    to.append(",\"newly_refused\":").append(std::to_string(counts.newly_refused));
    to.append(",\"newly_allowed\":").append(std::to_string(counts.newly_allowed));
}

void append_named(std::string& to, std::string_view member,
                  const std::map<std::string, DryRunCounts>& named)
{
    to.append(",\"").append(member).append("\":{");
    for (const auto& [name, counts] : named) {
        to.append(to.back() == '{' ? "" : ",");
        append_canonical_string(to, name);
        to.append(":{");
        append_counts(to, counts);
        to.push_back('}');
    }
    to.push_back('}');
}

void append_example(std::string& to, const DryRunExample& example)
{
    to.append("{\"position\":\"").append(std::to_string(example.position.value));
    to.append("\",\"id\":\"").append(example.id.to_string()).append("\",\"type\":");
    append_canonical_string(to, example.type);
    to.append(",\"stream\":");
    append_canonical_string(to, example.stream.to_string());
    to.append(",\"source\":");
    append_canonical_string(to, example.source);
    to.append(",\"rule\":");
    append_canonical_string(to, example.rule);
    to.append(",\"reason\":");
    append_canonical_string(to, example.reason);
    to.push_back('}');
}

// Goes through the log from just above `reached` to `end`.
class DryRunReader {
public:
    DryRunReader(Services& services, DryRun trial, Position after, Position end)
        : services_{services},
          trial_{std::move(trial)},
          first_{after.next()},
          reached_{after},
          end_{end},
          deadline_{services.clock.monotonic() + services.policy.dry_run_time_max}
    {
    }

    [[nodiscard]] bool is_done() const { return reached_ >= end_; }
    [[nodiscard]] bool is_out_of_time() const
    {
        return services_.stop.requested() || services_.clock.monotonic() >= deadline_;
    }

    // Some pages more.
    [[nodiscard]] Task<Result<void>> go_on()
    {
        constexpr int pages = 10;
        for (int page = 0; page < pages && !is_done() && !is_out_of_time(); ++page) {
            const std::uint64_t left = end_.value - reached_.value;
            const ReadLimits limits{std::min<std::size_t>(left, DryRunLimits{}.page_events),
                                    services_.limits.page_bytes_max};
            const auto records = co_await services_.log.read_from(reached_, limits);
            if (!records) {
                co_return records.error();
            }
            if (records->empty()) {
                co_return Error{Errc::unavailable, "the log ends before its head"};
            }
            for (const StoredRecord& record : *records) {
                auto event = decode_stored(record);
                if (!event) {
                    co_return event.error();
                }
                trial_.judge(*event);
            }
            reached_ = records->back().position;
        }
        co_return Result<void>{};
    }

    [[nodiscard]] std::string progress() const
    {
        return "{\"progress\":{\"events\":\"" + std::to_string(trial_.events()) +
               "\",\"position\":\"" + std::to_string(reached_.value) + "\",\"until\":\"" +
               std::to_string(end_.value) + "\"}}\n";
    }

    [[nodiscard]] std::string result() const
    {
        std::string json{"{\"from\":\""};
        json.append(std::to_string(first_.value)).append("\",\"to\":\"");
        json.append(std::to_string(reached_.value)).append("\",\"events\":");
        json.append(std::to_string(trial_.events())).append(",\"is_complete\":");
        json.append(is_done() ? "true," : "false,");
        append_counts(json, trial_.total());
        append_named(json, "by_type", trial_.by_type());
        append_named(json, "by_source", trial_.by_source());
        json.append(",\"examples\":[");
        for (const DryRunExample& example : trial_.examples()) {
            json.append(json.back() == '[' ? "" : ",");
            append_example(json, example);
        }
        json.append("]}");
        return json;
    }

private:
    Services& services_;
    DryRun trial_;
    Position first_;
    Position reached_;
    Position end_;
    Monotonic deadline_;
};

class DryRunLines final : public BodyStream {
public:
    explicit DryRunLines(std::unique_ptr<DryRunReader> reader) : reader_{std::move(reader)} {}

    Task<Result<std::string>> next() override
    {
        if (reader_ == nullptr) {
            co_return std::string{};
        }
        const auto went = co_await reader_->go_on();
        if (!went) {
            co_return went.error();
        }
        if (!reader_->is_done() && !reader_->is_out_of_time()) {
            co_return reader_->progress();
        }
        std::string last = "{\"result\":" + reader_->result() + "}\n";
        reader_.reset();
        co_return last;
    }

private:
    std::unique_ptr<DryRunReader> reader_; // null: all has been said
};

Task<Result<std::unique_ptr<DryRunReader>>> start_dry_run(Services& services, Proposal proposal)
{
    SEAL_CO_TRY(rules, rules_for(services));
    const auto head = co_await services.log.head();
    if (!head) {
        co_return head.error();
    }
    EmissionRules proposed = rules->emission;
    for (auto& [type, policy] : proposal.policies) {
        proposed.assume(type, std::move(policy));
    }
    DryRun trial{rules->emission, std::move(proposed), services.policy.unknown_types,
                 DryRunLimits{}};
    const Position after{head->value - std::min(head->value, proposal.events)};
    co_return std::make_unique<DryRunReader>(services, std::move(trial), after, *head);
}

} // namespace

Task<Response> explain_policy(RequestContext& request)
{
    auto& services = request.services();
    const auto question = parse_question(request);
    if (!question) {
        co_return bad_input(question.error());
    }
    const auto rules = rules_for(services);
    if (!rules) {
        co_return problem(rules.error());
    }
    const auto answer = (*rules)->emission.explain(
        {question->type, question->source, question->stream_type}, services.policy.unknown_types);
    std::string body{"{\"type\":"};
    append_canonical_string(body, question->type);
    body.append(",\"source\":");
    append_canonical_string(body, question->source);
    body.append(",\"is_allowed\":").append(answer.is_allowed ? "true" : "false");
    body.append(",\"skip_in_projection\":").append(answer.is_skipped ? "true" : "false");
    body.append(",\"rule\":");
    append_canonical_string(body, answer.rule);
    body.append(",\"reason\":");
    append_canonical_string(body, answer.reason);
    body.append(",\"policy\":");
    const auto* row = (*rules)->emission.find(question->type);
    if (row != nullptr && row->policy) {
        append_policy_row(body, question->type, *row);
    } else {
        body.append("null");
    }
    body.append(",\"position\":\"").append(std::to_string((*rules)->applied.value)).append("\"}\n");
    co_return json_ok(std::move(body));
}

Task<Response> dry_run_policies(RequestContext& request)
{
    auto proposal = parse_proposal(request);
    if (!proposal) {
        co_return bad_input(proposal.error());
    }
    auto reader = co_await start_dry_run(request.services(), *std::move(proposal));
    if (!reader) {
        co_return problem(reader.error());
    }
    if (request.accepts(ndjson_type)) {
        Response response;
        response.content_type = ndjson_type;
        response.header("Cache-Control", "no-store");
        response.stream = std::make_unique<DryRunLines>(*std::move(reader));
        co_return response;
    }
    while (!(*reader)->is_done() && !(*reader)->is_out_of_time()) {
        const auto went = co_await (*reader)->go_on();
        if (!went) {
            co_return problem(went.error());
        }
    }
    co_return json_ok((*reader)->result() + "\n");
}

} // namespace sealstream::http
