// What a verification prints, and its progress.

#include "node/cli/commands.hpp"
#include "node/cli/progress.hpp"
#include "node/cli/report.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

using namespace sealstream;

namespace {

VerifyReport tampered_report()
{
    VerifyReport report;
    report.events = 1'234'567;
    report.verdict = Verdict::tampered;
    report.findings_total = 3;
    Finding finding;
    finding.kind = FindingKind::event_changed;
    finding.position = Position{4711};
    finding.stream = "deal/\"42\"";
    finding.text = "the record is not the one that was sealed";
    report.findings.push_back(finding);
    return report;
}

} // namespace

TEST_CASE("a report for people names the place and says how many more there are", "[cli]")
{
    const std::string text = cli::to_text(tampered_report(), 2.0);

    CHECK(text.find("TAMPERED") != std::string::npos);
    CHECK(text.find("4711") != std::string::npos);
    CHECK(text.find("1,234,567") != std::string::npos);
    CHECK(text.find("617,283 events/s") != std::string::npos);
    CHECK(text.find("2 more") != std::string::npos);
}

TEST_CASE("a report for programs is one line of JSON with verdict, findings and exit code", "[cli]")
{
    const std::string line = cli::to_json(tampered_report());

    CHECK(line.find('\n') == std::string::npos);
    const auto document = boost::json::parse(line);
    CHECK(document.at("verdict").as_string() == "tampered");
    CHECK(document.at("exit_code").as_int64() == 10);
    const auto& finding = document.at("findings").as_array().at(0);
    CHECK(finding.at("kind").as_string() == "event_changed");
    CHECK(finding.at("position").as_string() == "4711");
    CHECK(finding.at("stream").as_string() == "deal/\"42\"");
}

TEST_CASE("each verdict has its exit code", "[cli]")
{
    CHECK(cli::exit_code(Verdict::ok) == 0);
    CHECK(cli::exit_code(Verdict::tampered) == 10);
    CHECK(cli::exit_code(Verdict::undecided) == 11);
}

TEST_CASE("progress tells share, rate and the time that is left", "[cli]")
{
    CHECK(cli::progress_line("verifying", 250'000, 1'000'000, 2.5) ==
          "verifying [======                  ] 250,000 of 1,000,000, 100,000/s, 7 s left");
    CHECK(cli::progress_line("verifying", 0, 0, 0) ==
          "verifying [========================] 0 of 0, 0/s");
    CHECK(cli::progress_line("verifying", 20, 10, 1) ==
          "verifying [========================] 20 of 10, 20/s");
    CHECK(cli::grouped(0) == "0");
    CHECK(cli::grouped(999) == "999");
    CHECK(cli::grouped(1'000) == "1,000");
    CHECK(cli::grouped(18'446'744'073'709'551'615U) == "18,446,744,073,709,551,615");
}
