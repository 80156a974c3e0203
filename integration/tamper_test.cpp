// Somebody with access to the disk of the NATS server changes what is stored there, as carefully as
// the format allows. Verification must see it, and name the position.

#include "integration/support/block_file.hpp"
#include "integration/support/ledger_invariants.hpp"
#include "postgres/connection.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <csignal>
#include <iostream>

namespace tamper_test {

using namespace sealstream::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

const std::string log_name = "EV_main";
const std::string audit_name = "AUDIT_main";

// A sealed ledger at rest: its roles have ended, its servers can be stopped, edited and started.
class SealedLedger {
public:
    SealedLedger()
    {
        append(250);
        for (const Member member : {Member::auditor, Member::projector, Member::node}) {
            REQUIRE(cluster_.process(member).stop() == 0);
        }
        cluster_.nats().stop();
        fs::copy(store(), pristine(), fs::copy_options::recursive);
    }

    // Appends, and waits until all of it is sealed.
    void append(std::size_t events)
    {
        AppenderOptions load;
        load.ports = cluster_.node_ports();
        load.seed = seed() + ++appends_; // the same ids would be repeats
        AppenderClient client{load};
        REQUIRE(client.wait_for_more(events, 60s));
        const auto appended = client.finish();
        REQUIRE(appended.unexpected.empty());
        cluster_.wait_until_caught_up();
    }

    // Edits a fresh copy of what was sealed, and verifies.
    Finished verify_after(const std::function<void(const fs::path& store)>& edit)
    {
        cluster_.nats().stop();
        fs::remove_all(store());
        fs::copy(pristine(), store(), fs::copy_options::recursive);
        edit(store());
        cluster_.nats().start();
        return cluster_.verify();
    }

    Cluster& cluster() { return cluster_; }
    fs::path store() { return cluster_.nats().data_folder(); }
    fs::path pristine() const { return kept_.path() / "store"; }

private:
    Cluster cluster_;
    TestFolder kept_{"pristine"};
    std::uint64_t appends_{0};
};

void untouched(const fs::path&) {}

// Changes one letter of the data; what comes out is as good a record as before.
void change_one_byte(std::string& payload)
{
    const auto at = payload.find("\"data\":{\"n\":") + 12;
    REQUIRE(at < payload.size());
    payload[at] = payload[at] == '1' ? '2' : '1';
}

std::vector<std::string> positions_of(const json::object& report)
{
    std::vector<std::string> positions;
    for (const auto& finding : report.at("findings").as_array()) {
        const auto* position = finding.as_object().if_contains("position");
        positions.emplace_back(position != nullptr ? position->as_string().c_str() : "none");
    }
    return positions;
}

std::uint64_t head_of(SealedLedger& ledger)
{
    const auto verified = ledger.verify_after(untouched);
    INFO(verified.output << verified.log);
    REQUIRE(verified.exit_code == 0);
    const auto report = json_of(verified);
    REQUIRE(report.at("findings_total").to_number<int>() == 0);
    return std::stoull(report.at("head").as_string().c_str());
}

} // namespace

TEST_CASE("verify names the one event that was changed on disk, checksum and all", "[tamper]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    SealedLedger ledger;
    const std::uint64_t head = head_of(ledger); // the neighbour: an untouched copy verifies
    ledger.cluster().nats().stop();
    CHECK(count_intact_records(ledger.store(), log_name) == head); // we know the format
    auto random = random_generator(3);

    for (const std::uint64_t position : {std::uint64_t{1}, 2 + random() % (head - 2), head}) {
        const auto verified = ledger.verify_after([&](const fs::path& store) {
            edit_message(store, log_name, position, change_one_byte, Checksum::corrected);
            forget_index(store, log_name);
        });

        INFO("position " << position << ": " << verified.output << verified.log);
        CHECK(verified.exit_code == 10);
        const auto report = json_of(verified);
        CHECK(report.at("verdict").as_string() == "tampered");
        REQUIRE_FALSE(positions_of(report).empty());
        for (const std::string& named : positions_of(report)) {
            CHECK(named == std::to_string(position));
        }
    }
    CHECK(head_of(ledger) == head); // it was the edit, and nothing else
}

TEST_CASE("an event that was changed without its checksum is missed", "[tamper]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    SealedLedger ledger;
    const std::uint64_t position = head_of(ledger) / 2;
    const auto edit = [&](const fs::path& store) {
        edit_message(store, log_name, position, change_one_byte, Checksum::left_as_it_was);
    };

    const auto verified = ledger.verify_after(edit);
    INFO(verified.output << verified.log);
    CHECK(verified.exit_code == 10);
    CHECK(positions_of(json_of(verified)).front() == std::to_string(position));

    // Told to read its blocks anew, the server itself drops what does not fit.
    const auto reread = ledger.verify_after([&](const fs::path& store) {
        edit(store);
        forget_index(store, log_name);
    });
    INFO(reread.output << reread.log);
    CHECK(reread.exit_code == 10);
}

TEST_CASE("verify sees that the audit stream was changed on disk, checksum and all", "[tamper]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    SealedLedger ledger;
    head_of(ledger);
    ledger.cluster().nats().stop();
    const std::size_t entries = count_intact_records(ledger.store(), audit_name);
    auto random = random_generator(4);

    for (int tries = 0; tries < 4; ++tries) {
        const std::uint64_t entry = 1 + random() % entries;
        std::size_t byte = 0;
        const auto verified = ledger.verify_after([&](const fs::path& store) {
            edit_message(
                store, audit_name, entry,
                [&](std::string& payload) {
                    byte = random() % payload.size();
                    payload[byte] = static_cast<char>(payload[byte] ^ 1);
                },
                Checksum::corrected);
            forget_index(store, audit_name);
        });
        INFO("entry " << entry << " of " << entries << ", byte " << byte << ": " << verified.output
                      << verified.log);
        // A signature line that names another key is no forgery, but nobody we trust has signed.
        const bool names_another_key =
            verified.output.find("\"key_untrusted\"") != std::string::npos;
        const bool is_undecided = verified.exit_code == 11 && names_another_key;
        CHECK((verified.exit_code == 10 || is_undecided));
    }
}

TEST_CASE("an older copy of the log is seen: its tail is missing", "[tamper]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    SealedLedger ledger;
    const std::uint64_t head = head_of(ledger);
    for (const Member member : {Member::projector, Member::auditor, Member::node}) {
        ledger.cluster().start(member);
    }
    ledger.cluster().wait_until_ready();
    ledger.append(20);
    for (const Member member : {Member::auditor, Member::projector, Member::node}) {
        REQUIRE(ledger.cluster().process(member).stop() == 0);
    }
    ledger.cluster().nats().stop();

    const auto old = stream_folder(ledger.pristine(), log_name);
    fs::remove_all(stream_folder(ledger.store(), log_name));
    fs::copy(old, stream_folder(ledger.store(), log_name), fs::copy_options::recursive);
    ledger.cluster().nats().start();

    const auto verified = ledger.cluster().verify();
    INFO(verified.output << verified.log);
    CHECK(verified.exit_code == 10);
    const auto positions = positions_of(json_of(verified));
    REQUIRE_FALSE(positions.empty());
    CHECK(positions.front() == std::to_string(head + 1));
}

TEST_CASE("another key than the pinned one is not believed", "[tamper]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    SealedLedger ledger;
    head_of(ledger);
    const TestFolder folder{"key"};
    const std::string program = std::getenv("SEALSTREAM_BINARY");
    const auto made =
        run_to_end({program, "keys", "generate", "--origin", "test.example/ledger/main", "--out",
                    (folder.path() / "other").string()},
                   folder.path());
    REQUIRE(made.exit_code == 0);
    const std::string other = made.output.substr(0, made.output.find('\n'));

    const auto verified = ledger.cluster().run({"verify", "--json", "--key", other});
    INFO(verified.output << verified.log);
    CHECK(verified.exit_code != 0);
    CHECK((verified.exit_code == 10 || verified.exit_code == 11));
}

TEST_CASE("a row of the event index that was edited is found, and put right, by a rebuild",
          "[tamper]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    SealedLedger ledger;
    const std::uint64_t position = head_of(ledger) / 2;
    const std::vector<std::string> rebuild{"projection", "rebuild", "--json"};
    const auto untouched_index = ledger.cluster().run(rebuild);
    INFO(untouched_index.output << untouched_index.log);
    REQUIRE(untouched_index.exit_code == 0);

    sealstream::PostgresOptions options;
    options.uri = ledger.cluster().database();
    auto database = sealstream::Connection::open(options);
    REQUIRE(database);
    REQUIRE((*database)->run_script("UPDATE main_event_index.events SET actor = 'mallory' "
                                    "WHERE position = " +
                                    std::to_string(position)));

    const auto found = ledger.cluster().run(rebuild);
    INFO(found.output << found.log);
    CHECK(found.exit_code == 10);
    CHECK_FALSE(json_of(found).at("is_equal").as_bool());
    CHECK(json_of(found).at("different_tables").as_array().size() == 1);
    CHECK(ledger.cluster().run(rebuild).exit_code == 0); // the new one has replaced it
}

} // namespace tamper_test
