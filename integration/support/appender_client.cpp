#include "integration/support/appender_client.hpp"

#include "integration/support/http_client.hpp"

#include <boost/json/parse.hpp>

#include <optional>

namespace sealstream::testing {

namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds try_again{20};

std::string random_id(std::mt19937_64& random)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string id = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx"; // a UUID of version 4
    for (char& letter : id) {
        letter = letter == 'x' ? digits[random() % digits.size()] : letter;
    }
    return id;
}

std::uint64_t number_at(const json::object& object, std::string_view key)
{
    const auto& text = object.at(key).as_string();
    return std::stoull(std::string{text.data(), text.size()});
}

struct Request {
    std::string stream;
    std::vector<std::string> ids;
    std::string text; // all bytes
};

std::string material(std::mt19937_64& random)
{
    constexpr std::array<const char*, 3> truth{"AI", "HUMAN", "DOC"};
    return R"(,"artifactId":"artifact-)" + std::to_string(random() % 5) +
           R"(","type":"WireConfirmation","truthLevel":")" + truth[random() % truth.size()] + "\"";
}

std::string body_of(const std::vector<std::string>& ids, bool is_material, std::mt19937_64& random)
{
    std::string body = ids.size() == 1 ? "" : "[";
    for (const std::string& id : ids) {
        body += (body.size() > 1 ? "," : "");
        body += R"({"type":")" + std::string{is_material ? "MaterialRecorded" : "LoadAppended"} +
                R"(","id":")" + id + R"(","actor":"client","data":{"text":")" +
                std::string(random() % 200, 'x') + R"(","n":)" + std::to_string(random() % 1000) +
                (is_material ? material(random) : "") + "}}";
    }
    return body + (ids.size() == 1 ? "" : "]");
}

} // namespace

// One connection at a time, in a thread of its own.
class AppenderClient::Worker {
public:
    Worker(AppenderClient& owner, std::size_t number)
        : owner_{owner},
          random_{owner.options_.seed * 1'000 + number},
          node_{number}
    {
    }

    void run()
    {
        while (!owner_.is_finishing_ && !has_ended_) {
            send_until_known(make_request());
            owner_.record(std::exchange(news_, {}));
            std::this_thread::sleep_for(owner_.options_.pause);
        }
    }

private:
    Request make_request()
    {
        Request request;
        const bool is_chained = random_() % 2 == 0;
        request.stream =
            (is_chained ? "deal/" : "note/") + std::to_string(random_() % owner_.options_.streams);
        const auto kind = random_() % 10;
        const bool is_array = kind < 3;
        const std::size_t count =
            is_array ? 2 + random_() % (owner_.options_.array_events_max - 1) : 1;
        while (request.ids.size() < count) {
            request.ids.push_back(random_id(random_));
        }
        const auto known = versions_.find(request.stream);
        std::string condition;
        if (kind >= 7 && known != versions_.end()) {
            condition = "If-Match: \"" + std::to_string(known->second) + "\"\r\n";
        }
        const std::string body =
            body_of(request.ids, is_chained && owner_.options_.has_materials, random_);
        request.text = "POST /v1/streams/" + request.stream +
                       "/events HTTP/1.1\r\nHost: localhost\r\nSealstream-Source: clients\r\n"
                       "Content-Type: application/json\r\n" +
                       condition + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                       body;
        return request;
    }

    void send_until_known(const Request& request)
    {
        for (std::size_t tries = 0; !has_ended_; ++tries) {
            if (std::chrono::steady_clock::now() > owner_.give_up_at_.load()) {
                news_.unexpected.push_back("still unknown: " + last_ + "\n" + request.text);
                return;
            }
            news_.repeated += tries == 1 ? 1U : 0U;
            const auto answer = exchange(request.text);
            if (answer && is_final(request, *answer)) {
                return;
            }
            std::this_thread::sleep_for(try_again);
        }
    }

    std::optional<HttpAnswer> exchange(const std::string& text)
    {
        if (!connection_) {
            const auto& ports = owner_.options_.ports;
            connection_.emplace(ports[node_++ % ports.size()]);
        }
        if (!connection_->connect()) {
            connection_.reset(); // the next node
            has_ended_ = !owner_.options_.is_reconnecting;
            return std::nullopt;
        }
        const bool is_sent = connection_->send(text);
        auto answer = is_sent ? connection_->read_answer() : std::nullopt;
        const bool is_last = answer && answer->field("Connection") == "close";
        if (!answer || is_last) {
            news_.unanswered += answer ? 0U : 1U;
            last_ = answer ? "closed" : "no answer";
            connection_.reset();
            has_ended_ = !owner_.options_.is_reconnecting;
        }
        return answer;
    }

    bool is_final(const Request& request, const HttpAnswer& answer)
    {
        ++news_.statuses[answer.status];
        last_ = std::to_string(answer.status) + " " + answer.body;
        if (answer.status == 201) {
            acknowledge(request, answer);
            return true;
        }
        if (answer.status == 412) {
            news_.refused.insert(news_.refused.end(), request.ids.begin(), request.ids.end());
            const std::string tag = answer.field("ETag");
            if (tag.size() > 2) {
                versions_[request.stream] = std::stoull(tag.substr(1));
            }
            return true;
        }
        if (answer.status == 503 || answer.status == 504 || answer.status == 429) {
            return false; // says that repeating is right
        }
        news_.unexpected.push_back(last_ + "\n" + request.text);
        return true;
    }

    void acknowledge(const Request& request, const HttpAnswer& answer)
    {
        boost::system::error_code failed;
        const auto document = json::parse(answer.body, failed);
        if (failed || document.at("events").as_array().size() != request.ids.size()) {
            news_.unexpected.push_back("not an acknowledgement: " + answer.body);
            return;
        }
        for (std::size_t at = 0; at < request.ids.size(); ++at) {
            const auto& event = document.at("events").as_array().at(at).as_object();
            if (event.at("id").as_string() != json::string_view{request.ids[at]}) {
                news_.unexpected.push_back("another id: " + answer.body);
            }
            news_.acknowledged.push_back({request.ids[at], request.stream,
                                          number_at(event, "position"),
                                          number_at(event, "version")});
        }
        versions_[request.stream] = news_.acknowledged.back().version;
    }

    AppenderClient& owner_;
    std::mt19937_64 random_;
    std::size_t node_;
    std::optional<HttpConnection> connection_;
    std::map<std::string, std::uint64_t> versions_; // as this client last saw them
    AppendedByClients news_;
    std::string last_;
    bool has_ended_{false};
};

AppenderClient::AppenderClient(AppenderOptions options) : options_{std::move(options)}
{
    for (std::size_t number = 0; number < options_.connections; ++number) {
        threads_.emplace_back([this, number] { Worker{*this, number}.run(); });
    }
}

AppenderClient::~AppenderClient()
{
    static_cast<void>(finish(std::chrono::seconds{0}));
}

void AppenderClient::record(const AppendedByClients& news)
{
    const auto add = [](auto& to, const auto& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    const std::lock_guard lock{gate_};
    add(all_.acknowledged, news.acknowledged);
    add(all_.refused, news.refused);
    add(all_.unexpected, news.unexpected);
    all_.repeated += news.repeated;
    all_.unanswered += news.unanswered;
    for (const auto& [status, count] : news.statuses) {
        all_.statuses[status] += count;
    }
}

std::size_t AppenderClient::acknowledged_count() const
{
    const std::lock_guard lock{gate_};
    return all_.acknowledged.size();
}

bool AppenderClient::wait_for_more(std::size_t events, std::chrono::seconds longest) const
{
    const auto deadline = std::chrono::steady_clock::now() + longest;
    const std::size_t enough = acknowledged_count() + events;
    while (acknowledged_count() < enough) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
}

AppendedByClients AppenderClient::finish(std::chrono::seconds longest)
{
    give_up_at_ = std::chrono::steady_clock::now() + longest;
    is_finishing_ = true;
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
    const std::lock_guard lock{gate_};
    return all_;
}

} // namespace sealstream::testing
