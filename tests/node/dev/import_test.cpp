// The importers read real lines, and give the same events whenever they read the same again.

#include "node/dev/import/dpkg_log.hpp"
#include "node/dev/import/dpkg_status.hpp"
#include "node/dev/import/git_log.hpp"
#include "node/dev/import/machine_history.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <ctime>
#include <filesystem>
#include <set>

using namespace sealstream;

namespace {

std::optional<WallTime> as_utc(const std::tm& local)
{
    std::tm copy = local;
    return WallTime{static_cast<std::int64_t>(timegm(&copy)) * 1'000'000'000};
}

std::vector<ImportedEvent> from_log(std::string_view text)
{
    EventMaker maker{Salt{}};
    std::vector<ImportedEvent> events;
    parse_dpkg_log(text, maker, &as_utc, events);
    return events;
}

std::string line_of(const ImportedEvent& event)
{
    return event.stream.to_string() + " " + event.draft.type + " " + event.draft.data;
}

} // namespace

TEST_CASE("each kind of line of dpkg's log is an event", "[import]")
{
    struct Row {
        const char* line;
        const char* event;
    };
    const std::vector<Row> rows{
        {"startup archives unpack", R"(dpkg/run DpkgStarted {"command":"archives unpack"})"},
        {"upgrade libudev1:amd64 252.36-1 252.38-1",
         R"(package/libudev1:amd64 PackageUpgradeStarted {"from":"252.36-1","to":"252.38-1"})"},
        {"install perl:amd64 <none> 5.36.0-7",
         R"(package/perl:amd64 PackageInstallStarted {"from":null,"to":"5.36.0-7"})"},
        {"remove gcc:amd64 12 <none>",
         R"(package/gcc:amd64 PackageRemovalStarted {"from":"12","to":null})"},
        {"status installed libc-bin:amd64 2.36",
         R"(package/libc-bin:amd64 PackageInstalled {"status":"installed","version":"2.36"})"},
        {"status not-installed gcc:amd64 <none>",
         R"(package/gcc:amd64 PackageRemoved {"status":"not-installed","version":null})"},
        {"status half-configured libc-bin:amd64 2.36",
         R"(package/libc-bin:amd64 PackageStatusChanged {"status":"half-configured","version":"2.36"})"},
        {"conffile /etc/a file keep",
         R"(conffile//etc/a file ConffileDecided {"decision":"keep"})"},
    };
    for (const Row& row : rows) {
        const auto events = from_log("2025-06-24 14:36:25 " + std::string{row.line} + "\n");
        INFO(row.line);
        REQUIRE(events.size() == 1);
        CHECK(line_of(events.front()) == row.event);
        CHECK(to_rfc3339(*events.front().draft.time) == "2025-06-24T14:36:25Z");
        CHECK(events.front().draft.actor == "dpkg");
    }
}

TEST_CASE("lines that are none of dpkg's are skipped", "[import]")
{
    CHECK(from_log("").empty());
    CHECK(from_log("\n\n").empty());
    CHECK(from_log("2025-06-24 14:36:25\n").empty());
    CHECK(from_log("2025-06-24 14:36:25 \n").empty());
    CHECK(from_log("2025-06-24T14:36:25 status installed a 1\n").empty());
    CHECK(from_log("2025-0x-24 14:36:25 status installed a 1\n").empty());
    CHECK(from_log("2025-06-24 14:36:25 dances a b c\n").empty());
    CHECK(from_log("2025-06-24 14:36:25 status installed\n").empty());
    CHECK(from_log("2025-06-24 14:36:25 upgrade\n").empty());
    CHECK(!system_local_time(std::tm{0, 0, 0, 31, 1, 125, 0, 0, -1, 0, nullptr}));
}

TEST_CASE("reading the same again gives the same events, and two equal lines are two", "[import]")
{
    const std::string_view text = "2025-06-24 14:36:25 status unpacked a:amd64 1\n"
                                  "2025-06-24 14:36:25 status unpacked a:amd64 1\n";
    const auto first = from_log(text);
    const auto second = from_log(text);
    REQUIRE(first.size() == 2);
    CHECK(first[0].draft == second[0].draft);
    CHECK(first[1].draft == second[1].draft);
    CHECK(first[0].draft.id != first[1].draft.id);
    CHECK(first[0].draft.salt != first[1].draft.salt);
}

TEST_CASE("an imported id is a version 8 UUID, frozen", "[import]")
{
    const auto id = imported_id("dpkg", "2025-06-24 14:36:25 startup archives unpack", 0);
    CHECK(id.to_string() == "9e882615-b9e1-8148-8c08-af25a6872c1a");
    CHECK(imported_id("dpkg", "a", 0) != imported_id("dpkga", "", 0));
    CHECK(imported_id("dpkg", "a", 0) != imported_id("dpkg", "a", 1));
}

TEST_CASE("what is installed is observed with what it needs", "[import]")
{
    EventMaker maker{Salt{}};
    std::vector<ImportedEvent> events;
    parse_dpkg_status("Package: bash\nStatus: install ok installed\nSection: shells\n"
                      "Installed-Size: 7164\nMaintainer: M <m@example.org>\nArchitecture: amd64\n"
                      "Version: 5.2\nDepends: base-files (>= 2.1), debianutils | busybox\n"
                      "Description: a shell\n that goes on\n"
                      "\n"
                      "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\n",
                      maker, events);
    REQUIRE(events.size() == 3);
    CHECK(
        line_of(events[0]) ==
        R"(package/bash:amd64 PackageObserved {"installed_kib":7164,"maintainer":"M <m@example.org>","section":"shells","version":"5.2"})");
    CHECK(
        line_of(events[1]) ==
        R"x(package/bash:amd64 DependencyObserved {"kind":"depends","on":"base-files (>= 2.1)"})x");
    CHECK(
        line_of(events[2]) ==
        R"(package/bash:amd64 DependencyObserved {"kind":"depends","on":"debianutils | busybox"})");
    CHECK(!events[0].draft.time);
}

TEST_CASE("a commit and each file of it are events of their author", "[import]")
{
    using namespace std::string_literals;
    const std::string hash(40, 'a');
    const std::string text = "\x1e" + hash +
                             "\x1f"
                             "Ada\x1f"
                             "2025-06-24T14:36:25+02:00\x1f"
                             "core: a step\x1f\0\n3\t1\tcore/a b.cpp\0-\t-\tlogo.png\0\0"s +
                             "\x1enot a hash\x1f\x1f\x1f\x1f\0"s + "\x1e" + std::string(40, 'b') +
                             "\x1f\x1f"
                             "2025-06-25T00:00:00Z\x1f\x1f\0"s;
    EventMaker maker{Salt{}};
    std::vector<ImportedEvent> events;
    parse_git_log(text, "project", maker, events);

    REQUIRE(events.size() == 4);
    CHECK(line_of(events[0]) == R"(repository/project CommitMade {"added":3,"commit":")" + hash +
                                    R"(","deleted":1,"files":2,"subject":"core: a step"})");
    CHECK(line_of(events[1]) == R"(file/core/a b.cpp FileChanged {"added":3,"commit":")" + hash +
                                    R"(","deleted":1,"path":"core/a b.cpp"})");
    CHECK(line_of(events[2]).find(R"("added":null)") != std::string::npos);
    CHECK(events[0].draft.actor == "Ada");
    CHECK(to_rfc3339(*events[0].draft.time) == "2025-06-24T12:36:25Z");
    CHECK(events[3].draft.actor == "unknown");
}

TEST_CASE("text that is not UTF-8, and names that are no names, become ones", "[import]")
{
    CHECK(to_utf8("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
    CHECK(to_utf8("a\xff\xc3") == "a\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(to_utf8("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); // a surrogate
    CHECK(to_utf8("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");                 // overlong
    CHECK(to_utf8("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");

    EventMaker maker{Salt{}};
    Fact fact;
    fact.stream_type = "file";
    fact.stream_id = std::string(1000, 'x');
    fact.type = "FileChanged";
    fact.actor = "two\nlines";
    const auto event = maker.make(fact);
    CHECK(StreamName::make(event.stream.type, event.stream.id).has_value());
    CHECK(event.draft.actor == "unknown");
}

TEST_CASE("any split into batches keeps every event, each stream's in order, each stream once",
          "[import]")
{
    auto random = testing::random_generator(7);
    std::vector<ImportedEvent> events;
    for (std::uint64_t number = 0; number < 500; ++number) {
        ImportedEvent event;
        event.stream = StreamName{"s", std::to_string(random() % 20)};
        event.draft.id = imported_id("test", "", number);
        event.draft.key = std::to_string(number);
        events.push_back(event);
    }
    std::size_t wrong = 0;
    for (std::size_t size = 1; size <= 501; size += 25) {
        std::map<StreamName, int> last;
        std::size_t total = 0;
        for (const auto& batch : to_batches(events, size)) {
            std::set<StreamName> streams;
            std::size_t count = 0;
            for (const auto& append : batch) {
                wrong += streams.insert(append.stream).second ? 0U : 1U;
                for (const Draft& draft : append.drafts) {
                    const int number = std::stoi(draft.key);
                    wrong += number >= last[append.stream] ? 0U : 1U;
                    last[append.stream] = number;
                    ++count;
                }
            }
            wrong += count <= size && count > 0 ? 0U : 1U;
            total += count;
        }
        wrong += total == events.size() ? 0U : 1U;
    }
    CHECK(wrong == 0);
    CHECK(to_batches({}, 10).empty());
}

TEST_CASE("the newest events are kept, in the order of time", "[import]")
{
    std::vector<ImportedEvent> events(4);
    events[0].draft.time = WallTime{30};
    events[1].draft.time = WallTime{10};
    events[3].draft.time = WallTime{20};
    sort_by_time(events, 3);
    REQUIRE(events.size() == 3);
    CHECK(events[0].draft.time->nanoseconds == 10);
    CHECK(events[2].draft.time->nanoseconds == 30);
}

TEST_CASE("this machine has a history, the same at each reading", "[import]")
{
    if (!std::filesystem::exists("/var/lib/dpkg/status")) {
        return; // no Debian
    }
    MachineHistoryOptions options;
    options.log_events_enough = 1'000'000;
    const auto first = read_machine_history(options);
    const auto second = read_machine_history(options);
    REQUIRE(first.has_value());
    REQUIRE(second.has_value());
    CHECK(first->size() > 500);
    CHECK(first->size() == second->size());
    std::set<EventId> ids;
    for (const ImportedEvent& event : *first) {
        ids.insert(event.draft.id);
    }
    CHECK(ids.size() == first->size());
    CHECK(first->front().draft == second->front().draft);
}
