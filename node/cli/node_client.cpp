#include "node/cli/node_client.hpp"

#include "core/event/canonical_json.hpp"
#include "node/cli/node_lines.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>

#include <array>

namespace sealstream::cli {

namespace {

namespace beast = boost::beast;
using boost::asio::ip::tcp;

constexpr std::size_t piece_bytes = 64 << 10;
constexpr std::size_t problem_bytes_max = 1 << 20;
constexpr std::size_t answer_bytes_max = 64 << 20;

Error away(const NodeUrl& url, const boost::system::error_code& why)
{
    return Error{Errc::unavailable, "no node answers at " + url.host + ":" + url.port + " (" +
                                        why.message() +
                                        "); is it running? --url or SEALSTREAM_URL names another"};
}

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
    Answer(boost::asio::any_io_executor executor, NodeUrl url, std::chrono::seconds patience)
        : stream_{executor},
          url_{std::move(url)},
          patience_{patience}
    {
        parser_.body_limit(boost::none); // a feed has no end
    }

    Task<Result<void>> open(NodeRequest wanted)
    {
        tcp::resolver resolver{stream_.get_executor()};
        const auto [unknown, places] =
            co_await resolver.async_resolve(url_.host, url_.port, use_tuple);
        if (unknown) {
            co_return away(url_, unknown);
        }
        stream_.expires_after(patience_);
        const auto [refused, place] = co_await stream_.async_connect(places, use_tuple);
        if (refused) {
            co_return away(url_, refused);
        }
        beast::http::request<beast::http::string_body> request{
            verb_of(wanted.verb), url_.prefix + wanted.target, 11, std::move(wanted.body)};
        request.set(beast::http::field::host, url_.host + ":" + url_.port);
        for (const auto& [name, value] : wanted.fields) {
            request.set(name, value);
        }
        request.prepare_payload();
        stream_.expires_after(patience_);
        const auto [unsent, sent] = co_await beast::http::async_write(stream_, request, use_tuple);
        if (unsent) {
            co_return away(url_, unsent);
        }
        stream_.expires_after(patience_);
        const auto [broken, size] =
            co_await beast::http::async_read_header(stream_, input_, parser_, use_tuple);
        if (broken) {
            co_return away(url_, broken);
        }
        co_return Result<void>{};
    }

    [[nodiscard]] int status() const override
    {
        return static_cast<int>(parser_.get().result_int());
    }

    Task<Result<std::string>> read_some() override
    {
        std::string text;
        while (text.empty() && !parser_.is_done()) {
            piece_.resize(piece_bytes);
            auto& body = parser_.get().body();
            body.data = piece_.data();
            body.size = piece_.size();
            stream_.expires_after(patience_);
            const auto [failure, size] =
                co_await beast::http::async_read_some(stream_, input_, parser_, use_tuple);
            text.assign(piece_.data(), piece_.size() - parser_.get().body().size);
            if (failure && failure != beast::http::error::need_buffer) {
                co_return away(url_, failure);
            }
        }
        co_return text;
    }

private:
    beast::tcp_stream stream_;
    NodeUrl url_;
    std::chrono::seconds patience_;
    beast::flat_buffer input_;
    beast::http::response_parser<beast::http::buffer_body> parser_;
    std::vector<char> piece_;
};

} // namespace

Result<NodeUrl> NodeUrl::parse(std::string_view text)
{
    const auto url = boost::urls::parse_uri({text.data(), text.size()});
    if (!url || url->encoded_host().empty() || url->has_query() || url->has_fragment()) {
        return Error{Errc::malformed, "\"" + std::string{text} + "\" is not http://host:port"};
    }
    const std::string scheme{url->scheme()};
    if (scheme != "http") {
        return Error{scheme == "https" ? Errc::unsupported : Errc::malformed,
                     "this command speaks http only, not " + scheme +
                         "; ask a node on its own machine, or through a tunnel that speaks TLS"};
    }
    NodeUrl node;
    node.host = std::string{url->host_address()};
    node.port = url->has_port() ? std::string{url->port()} : "80";
    node.prefix = std::string{url->encoded_path()};
    while (!node.prefix.empty() && node.prefix.back() == '/') {
        node.prefix.pop_back();
    }
    return node;
}

Task<Result<std::unique_ptr<NodeAnswer>>> NodeAnswer::ask(NodeUrl url, NodeRequest request,
                                                          std::chrono::seconds patience)
{
    const auto executor = co_await boost::asio::this_coro::executor;
    auto answer = std::make_unique<Answer>(executor, std::move(url), patience);
    const auto opened = co_await answer->open(std::move(request));
    if (!opened) {
        co_return opened.error();
    }
    co_return std::unique_ptr<NodeAnswer>{std::move(answer)};
}

Task<std::string> read_rest(NodeAnswer& answer)
{
    std::string body;
    for (bool goes_on = true; goes_on && body.size() < problem_bytes_max;) {
        const auto piece = co_await answer.read_some();
        goes_on = piece && !piece->empty();
        if (goes_on) {
            body.append(*piece);
        }
    }
    co_return body;
}

Task<Result<boost::json::object>>
ask_json_lines(NodeUrl url, NodeRequest request, std::chrono::seconds patience,
               const std::function<void(const boost::json::object&)>& on_line)
{
    auto asked = co_await NodeAnswer::ask(std::move(url), std::move(request), patience);
    if (!asked) {
        co_return asked.error();
    }
    NodeAnswer& answer = **asked;
    if (answer.status() >= 300) {
        const auto body = co_await read_rest(answer);
        co_return problem_error(answer.status(), body);
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

Task<Result<boost::json::object>> ask_json(NodeUrl url, NodeRequest request,
                                           std::chrono::seconds patience)
{
    const std::function<void(const boost::json::object&)> nothing = [](const auto&) {};
    co_return co_await ask_json_lines(std::move(url), std::move(request), patience, nothing);
}

Error problem_error(int status, std::string_view body)
{
    Error error{status >= 500 || status == 429 ? Errc::unavailable : Errc::malformed,
                "the node answers with status " + std::to_string(status)};
    const auto value = parse_json(body, {8, problem_bytes_max});
    if (!value || !value->is_object()) {
        return error;
    }
    const auto& problem = value->get_object();
    const auto text = [&problem](std::string_view name) {
        const auto* member = problem.if_contains({name.data(), name.size()});
        return member != nullptr && member->is_string()
                   ? std::string{member->get_string().data(), member->get_string().size()}
                   : std::string{};
    };
    const std::string code = text("code");
    for (std::size_t at = 0; at < errc_count; ++at) {
        const auto known = static_cast<Errc>(at);
        error.code = name(known) == code ? known : error.code;
    }
    error.context = text("detail").empty() ? error.context : text("detail");
    return error;
}

} // namespace sealstream::cli
