#include "node/http/problem.hpp"

#include "core/event/canonical_json.hpp"
#include "node/http/response_writer.hpp"

namespace sealstream::http {

namespace {

Response with_problem(int status, Error error)
{
    Response response;
    response.status = status;
    response.problem = std::make_unique<Problem>();
    response.problem->error = std::move(error);
    return response;
}

void member(std::string& to, std::string_view key, std::string_view text)
{
    to.append(",\"").append(key).append("\":");
    append_canonical_string(to, text);
}

} // namespace

Task<Result<Pieces>> BodyStream::next_pieces()
{
    auto text = co_await next();
    if (!text) {
        co_return text.error();
    }
    Pieces pieces;
    pieces.push_back(std::make_shared<const std::string>(*std::move(text)));
    co_return pieces;
}

Response json_ok(std::string body, Caching caching)
{
    Response response;
    response.body = std::move(body);
    set_caching(response, caching);
    return response;
}

void set_caching(Response& response, Caching caching)
{
    switch (caching) {
    case Caching::none:
        response.header("Cache-Control", "no-store");
        return;
    case Caching::revalidate:
        response.header("Cache-Control", "private, no-cache");
        return;
    case Caching::immutable:
        response.header("Cache-Control", "private, max-age=31536000, immutable");
        return;
    }
}

Response problem(Error error)
{
    const int status = info(error.code).http_status;
    return with_problem(status, std::move(error));
}

Response bad_input(Error error)
{
    auto response = problem(std::move(error));
    response.problem->explanation = response.problem->error.context;
    return response;
}

Response refusal(int status, std::string code, std::string explanation)
{
    auto response = with_problem(status, Error{Errc::malformed, code});
    response.problem->code = std::move(code);
    response.problem->explanation = std::move(explanation);
    return response;
}

std::chrono::seconds retry_after(const Problem& problem)
{
    if (problem.retry_after.count() != 0 || !info(problem.error.code).is_retryable) {
        return problem.retry_after;
    }
    return std::chrono::seconds{1};
}

void render_problem(Response& response, std::string_view request_id)
{
    const Problem& problem = *response.problem;
    const ErrcInfo& row = info(problem.error.code);
    const std::string_view code = problem.code.empty() ? row.name : std::string_view{problem.code};
    const bool is_of_http = !problem.code.empty();

    std::string body{"{\"type\":\"urn:sealstream:problem:"};
    body.append(code).append("\",\"title\":");
    append_canonical_string(body, is_of_http ? reason_phrase(response.status) : row.title);
    body.append(",\"status\":").append(std::to_string(response.status));
    member(body, "code", code);
    std::string detail{problem.explanation};
    if (!is_of_http) {
        if (!detail.empty()) {
            detail.append(detail.back() == '.' ? " " : ". ");
        }
        detail.append(row.remedy);
    }
    member(body, "detail", detail);
    body.append(",\"retryable\":").append(row.is_retryable ? "true" : "false");
    if (const auto wait = retry_after(problem); wait.count() != 0) {
        body.append(",\"retry_after_ms\":").append(std::to_string(wait.count() * 1000));
        response.header("Retry-After", std::to_string(wait.count()));
    }
    if (!problem.errors.empty()) {
        body.append(",\"errors\":[").append(problem.errors).append("]");
    } else if (!problem.error.pointer.empty()) {
        body.append(",\"errors\":[{\"pointer\":");
        append_canonical_string(body, problem.error.pointer);
        member(body, "code", code);
        body.append("}]");
    }
    for (const auto* members : {&problem.error.details, &problem.members}) {
        if (!members->empty()) {
            body.append(",").append(*members);
        }
    }
    member(body, "instance", "urn:sealstream:request:" + std::string{request_id});
    body.append("}\n");

    response.content_type = problem_type;
    response.header("Cache-Control", "no-store");
    response.body = std::move(body);
    response.stream.reset();
}

} // namespace sealstream::http
