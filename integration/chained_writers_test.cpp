// Sixty-four writers of one chained stream, by two nodes that know nothing of each other: one
// chain, never a fork, everything acknowledged is there once.

#include "core/base/encoding.hpp"
#include "core/event/codec.hpp"
#include "core/event/stream_chain.hpp"
#include "integration/support/http_client.hpp"
#include "integration/support/ledger_view.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <atomic>
#include <iostream>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace sealstream::testing::chained_writers_test {

namespace {

using namespace std::chrono_literals;

constexpr auto target = "/v1/streams/deal/hot/events";
constexpr std::size_t writers = 64;
constexpr std::size_t appends_each = 25;
constexpr std::size_t conditional_writers = 8; // of them; they read, decide, and may lose
constexpr std::size_t retries_max = 100;       // of each, while a busy node or an election refuses

struct Acknowledged {
    std::string id;
    std::uint64_t position{0};
    std::uint64_t version{0};
};

struct Writer {
    int port{0};
    std::size_t number{0};
    bool is_conditional{false};
    std::vector<Acknowledged> acknowledged{};
    std::size_t lost{0}; // 412
    std::size_t retries{0};
    std::vector<std::string> unexpected{};
};

std::string text_at(const boost::json::value& value, const char* pointer)
{
    boost::system::error_code missing;
    const auto* const found = value.find_pointer(pointer, missing);
    return found != nullptr && found->is_string() ? std::string{found->get_string().c_str()}
                                                  : std::string{};
}

std::string post(const std::string& key, const std::string& condition)
{
    const std::string body = R"({"type":"Moved","data":{"by":")" + key + R"("}})";
    return std::string{"POST "} + target + " HTTP/1.1\r\nHost: localhost\r\n" +
           "Content-Type: application/json\r\nIdempotency-Key: " + key + "\r\n" + condition +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void write_all(Writer& writer)
{
    HttpConnection connection{writer.port};
    std::string version = "0";
    for (std::size_t done = 0; done < appends_each && writer.unexpected.empty();) {
        const std::string key = std::to_string(writer.number) + "-" + std::to_string(done);
        const std::string condition = !writer.is_conditional ? std::string{}
                                      : version == "0"       ? std::string{"If-None-Match: *\r\n"}
                                                             : "If-Match: \"" + version + "\"\r\n";
        const bool is_sent = connection.connect() && connection.send(post(key, condition));
        const auto answer = is_sent ? connection.read_answer() : std::nullopt;
        if (!answer) {
            writer.unexpected.push_back("no answer");
            return;
        }
        const auto json = boost::json::parse(answer->body);
        if (answer->status == 201) {
            version = text_at(json, "/events/0/version");
            writer.acknowledged.push_back({text_at(json, "/events/0/id"),
                                           std::stoull(text_at(json, "/events/0/position")),
                                           std::stoull(version)});
            ++done;
        } else if (answer->status == 412) {
            version = text_at(json, "/current_version");
            ++done; // it has decided not to
            ++writer.lost;
        } else if (answer->status == 503 && ++writer.retries <= retries_max) {
            std::this_thread::sleep_for(100ms); // the same key: nothing can double
        } else {
            writer.unexpected.push_back(answer->body);
        }
    }
}

// What readers of both nodes see while it is written: a version never has two faces.
struct Reader {
    std::map<std::uint64_t, std::string> hashes{}; // by version
    std::size_t pages{0};
    std::vector<std::string> forks{};

    void read(int port, const std::string& after)
    {
        const auto page = http_get(port, std::string{target} + "?limit=1000&after=" + after);
        if (!page || page->status != 200) {
            return;
        }
        ++pages;
        const auto json = boost::json::parse(page->body);
        std::string before;
        for (const auto& event : json.at("events").as_array()) {
            const auto version = std::stoull(text_at(event, "/version"));
            const auto hash = text_at(event, "/hash");
            const auto [known, is_new] = hashes.try_emplace(version, hash);
            if (known->second != hash) {
                forks.push_back("version " + std::to_string(version) + " has two hashes");
            }
            if (!before.empty() && text_at(event, "/prev_hash") != before) {
                forks.push_back("version " + std::to_string(version) + " follows another");
            }
            before = hash;
        }
    }
};

} // namespace

TEST_CASE("64 writers of one chained stream on two nodes make one chain", "[chain][cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.nodes = 2;
    options.projectors = 1;
    options.auditors = 0;
    options.settings = {"ledger.chain=deal"};
    Cluster cluster{options};
    const auto ports = cluster.node_ports();
    std::vector<Writer> all;
    for (std::size_t number = 0; number < writers; ++number) {
        all.push_back({ports[number % 2], number, number % (writers / conditional_writers) == 0});
    }

    std::atomic<bool> is_over{false};
    Reader reader;
    std::thread reading{[&] {
        for (std::size_t turn = 0; !is_over; ++turn) {
            reader.read(ports[turn % 2], "0");
            std::this_thread::sleep_for(20ms);
        }
    }};
    const auto began = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (Writer& writer : all) {
        threads.emplace_back([&writer] { write_all(writer); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    is_over = true;
    reading.join();

    std::unordered_map<std::string, Acknowledged> acknowledged;
    std::size_t lost = 0;
    for (const Writer& writer : all) {
        lost += writer.lost;
        for (const std::string& answer : writer.unexpected) {
            FAIL_CHECK("writer " << writer.number << ": " << answer);
        }
        for (const Acknowledged& one : writer.acknowledged) {
            CHECK(acknowledged.emplace(one.id, one).second);
        }
    }
    CHECK(acknowledged.size() + lost == writers * appends_each);
    CHECK(acknowledged.size() >= (writers - conditional_writers) * appends_each);
    CHECK(reader.pages > 0);
    CHECK(reader.forks == std::vector<std::string>{});

    // The log itself: each acknowledged event once, at its place, in one unbroken chain.
    LedgerView view{cluster};
    const auto records = view.records();
    CHECK(records.size() == acknowledged.size());
    Digest before = chain_start;
    std::uint64_t version = 0;
    std::size_t wrong = 0;
    for (const StoredRecord& record : records) {
        const auto event = decode_record(record.record);
        REQUIRE(event);
        ++version;
        const auto known = acknowledged.find(event->draft.id.to_string());
        const bool is_right = event->version.value == version && check_chain(*event, before) &&
                              known != acknowledged.end() && known->second.version == version &&
                              known->second.position == record.position.value;
        const auto seen = reader.hashes.find(version);
        const bool is_as_read =
            seen == reader.hashes.end() || seen->second == to_hex(event->hash->view());
        wrong += is_right && is_as_read ? 0U : 1U;
        before = *event->hash;
    }
    CHECK(wrong == 0);
    CHECK(cluster.error_lines() == std::vector<std::string>{});
    std::cout << "[chained writers] " << acknowledged.size() << " appends by " << writers
              << " writers on two nodes in " << took.count()
              << " s: " << static_cast<double>(acknowledged.size()) / took.count() << "/s, " << lost
              << " lost their condition, " << reader.pages << " pages read meanwhile\n";
}

} // namespace sealstream::testing::chained_writers_test
