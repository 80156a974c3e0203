#include "node/cli/node_client.hpp"

#include "core/event/canonical_json.hpp"
#include "node/cli/node_connection.hpp"
#include "node/cli/node_lines.hpp"
#include "node/cli/node_trouble.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <sstream>

namespace sealstream::cli {

namespace {

namespace beast = boost::beast;

constexpr std::size_t piece_bytes = 64 << 10;
constexpr std::size_t error_bytes_max = 1 << 20;
constexpr std::size_t header_bytes_max = 64 << 10;
constexpr std::size_t input_bytes_max = 128 << 10; // of one head or chunk line
constexpr std::size_t answer_bytes_max = 64 << 20;

beast::http::verb verb_of(NodeVerb verb)
{
    switch (verb) {
    case NodeVerb::get:
        return beast::http::verb::get;
    case NodeVerb::put:
        return beast::http::verb::put;
    case NodeVerb::post:
        return beast::http::verb::post;
    case NodeVerb::patch:
        return beast::http::verb::patch;
    case NodeVerb::erase:
        return beast::http::verb::delete_;
    }
    return beast::http::verb::get;
}

Result<boost::json::object> to_object(std::string_view text)
{
    auto value = parse_json(text, {64, answer_bytes_max});
    if (!value || !value->is_object()) {
        return Error{Errc::malformed, "the node answers with what is no JSON object"};
    }
    return std::move(value->get_object());
}

class Answer final : public NodeAnswer {
public:
    Answer(const boost::asio::any_io_executor& executor, NodeAccess access)
        : connection_{executor, std::move(access)}
    {
        parser_.body_limit(boost::none); // a feed has no end
        parser_.header_limit(header_bytes_max);
    }

    Task<Result<void>> open(NodeRequest wanted)
    {
        SEAL_CO_TRY(authorization, access().authorization());
        const NodeUrl& url = access().url;
        beast::http::request<beast::http::string_body> request{
            verb_of(wanted.verb), url.prefix + wanted.target, 11, std::move(wanted.body)};
        request.set(beast::http::field::host, url.authority());
        request.set(beast::http::field::user_agent, "sealstream");
        if (!authorization.empty()) {
            request.set(beast::http::field::authorization, authorization);
        }
        for (const auto& [name, value] : wanted.fields) {
            request.set(name, value);
        }
        request.prepare_payload();
        std::ostringstream head;
        head << request.base();
        const std::string begin = head.str();
        SEAL_CO_TRY_VOID(co_await connection_.open());
        auto sent = co_await connection_.send(begin);
        if (sent) {
            sent = co_await connection_.send(request.body());
        }
        // Who does not take the request may have said why.
        while (!parser_.is_header_done()) {
            SEAL_CO_TRY_VOID(co_await parse_more());
        }
        parser_.eager(true);
        co_return Result<void>{};
    }

    [[nodiscard]] int status() const override
    {
        return static_cast<int>(parser_.get().result_int());
    }

    [[nodiscard]] const NodeAccess& access() const override { return connection_.access(); }

    Task<Result<std::string>> read_some() override
    {
        std::string text(piece_bytes, '\0');
        std::size_t size = 0;
        while (size == 0 && !parser_.is_done()) {
            auto& body = parser_.get().body();
            body.data = text.data();
            body.size = text.size();
            SEAL_CO_TRY_VOID(co_await parse_more());
            size = text.size() - parser_.get().body().size;
        }
        text.resize(size);
        co_return text;
    }

private:
    // Parses what is here, and before that waits for more when that is too little.
    Task<Result<void>> parse_more()
    {
        if (is_hungry_) {
            const auto space = input_.prepare(piece_bytes);
            const std::span<char> to{static_cast<char*>(space.data()), space.size()};
            SEAL_CO_TRY(size, co_await connection_.receive(to));
            input_.commit(size);
            boost::system::error_code failure;
            if (size == 0) {
                parser_.put_eof(failure); // fine where nothing else says how long the answer is
                co_return failure ? Result<void>{no_answer(access().url, failure.message())}
                                  : Result<void>{};
            }
        }
        boost::system::error_code failure;
        const std::string begin = begin_of_input();
        input_.consume(parser_.put(input_.data(), failure));
        is_hungry_ = failure == beast::http::error::need_more || input_.size() == 0;
        const bool is_fine = !failure || failure == beast::http::error::need_more ||
                             failure == beast::http::error::need_buffer;
        if (!is_fine || input_.size() > input_bytes_max) {
            co_return no_http(access().url, begin);
        }
        co_return Result<void>{};
    }

    [[nodiscard]] std::string begin_of_input() const
    {
        const auto bytes = input_.data();
        return {static_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 2)};
    }

    NodeConnection connection_;
    beast::flat_buffer input_;
    beast::http::response_parser<beast::http::buffer_body> parser_;
    bool is_hungry_{true};
};

} // namespace

Task<Result<std::unique_ptr<NodeAnswer>>> NodeAnswer::ask(NodeAccess access, NodeRequest request)
{
    const auto executor = co_await boost::asio::this_coro::executor;
    auto answer = std::make_unique<Answer>(executor, std::move(access));
    SEAL_CO_TRY_VOID(co_await answer->open(std::move(request)));
    co_return std::unique_ptr<NodeAnswer>{std::move(answer)};
}

Task<std::string> read_rest(NodeAnswer& answer)
{
    std::string body;
    for (bool goes_on = true; goes_on && body.size() < error_bytes_max;) {
        const auto piece = co_await answer.read_some();
        goes_on = piece && !piece->empty();
        if (goes_on) {
            body.append(*piece);
        }
    }
    co_return body;
}

Task<Error> read_problem(NodeAnswer& answer)
{
    const auto body = co_await read_rest(answer);
    co_return problem_error(answer.access(), answer.status(), body);
}

Task<Result<boost::json::object>>
ask_json_lines(NodeAccess access, NodeRequest request,
               const std::function<void(const boost::json::object&)>& on_line)
{
    auto asked = co_await NodeAnswer::ask(std::move(access), std::move(request));
    if (!asked) {
        co_return asked.error();
    }
    NodeAnswer& answer = **asked;
    if (answer.status() >= 300) {
        co_return co_await read_problem(answer);
    }
    std::string text;
    boost::json::object last;
    for (bool goes_on = true; goes_on;) {
        SEAL_CO_TRY(piece, co_await answer.read_some());
        goes_on = !piece.empty();
        text.append(goes_on ? piece : "\n");
        if (text.size() > answer_bytes_max) {
            co_return Error{Errc::too_large, "the node's answer has no end"};
        }
        while (auto line = take_line(text)) {
            if (!line->empty()) {
                SEAL_CO_TRY(object, to_object(*line));
                last = std::move(object);
                on_line(last);
            }
        }
    }
    co_return last;
}

Task<Result<boost::json::object>> ask_json(NodeAccess access, NodeRequest request)
{
    const std::function<void(const boost::json::object&)> nothing = [](const auto&) {};
    co_return co_await ask_json_lines(std::move(access), std::move(request), nothing);
}

} // namespace sealstream::cli
