#include "node/cli/doctor_checks.hpp"

#include "core/event/canonical_json.hpp"

#include <algorithm>

namespace sealstream::cli {

namespace {

constexpr std::string_view sync_remedy =
    "set `jetstream { sync_interval: always }` in nats-server.conf on every server, restart them "
    "one "
    "by one, and set nats.synced=true here. Appends that come at the same time share a sync.";

std::string interval_text(std::chrono::nanoseconds interval)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(interval).count();
    return seconds == 0 ? "two minutes, if nobody has changed it"
                        : std::to_string(seconds) + " seconds";
}

CheckFinding synced(const Durability& achieved)
{
    CheckFinding finding{"durability",
                         CheckVerdict::ok,
                         achieved.name + ": every append is on disk before it is acknowledged.",
                         {}};
    if (!achieved.is_confirmed) {
        finding.verdict = CheckVerdict::warn;
        finding.what += " So nats.synced says; no server was asked.";
        finding.remedy = "set nats.monitor_urls to the servers' monitoring addresses (`http: 8222` "
                         "in nats-server.conf), so that they are.";
    } else if (achieved.replicas == 1) {
        finding.what += " There is one copy: losing its disk loses the log.";
    }
    return finding;
}

} // namespace

std::string_view name(CheckVerdict verdict) noexcept
{
    switch (verdict) {
    case CheckVerdict::ok:
        return "ok";
    case CheckVerdict::warn:
        return "warn";
    case CheckVerdict::fail:
        return "fail";
    }
    return "fail";
}

CheckFinding check_durability(const Durability& achieved, bool is_claimed)
{
    if (achieved.is_synced) {
        return synced(achieved);
    }
    if (achieved.name.starts_with("postgres")) {
        return {"durability", CheckVerdict::fail,
                achieved.name + ": Postgres answers a commit before it is on disk; a crash of its "
                                "machine loses acknowledged events.",
                "set fsync, full_page_writes and synchronous_commit to on, and reload Postgres."};
    }
    if (is_claimed) { // and the server contradicts, or is_synced would be set
        return {"durability", CheckVerdict::fail,
                achieved.name + ": nats.synced says that the servers sync every write, and not all "
                                "of them do.",
                std::string{sync_remedy}};
    }
    std::string what = achieved.name +
                       ": an append is acknowledged before it is on disk; a server "
                       "syncs every " +
                       interval_text(achieved.sync_interval) + ". ";
    what += achieved.replicas > 1
                ? "The loss of power on most of the " + std::to_string(achieved.replicas) +
                      " servers at the same time loses what was acknowledged since."
                : "A crash of the server's machine, or the loss of its power, loses what was "
                  "acknowledged since. A crash of the server alone does not.";
    return {"durability", CheckVerdict::warn, std::move(what), std::string{sync_remedy}};
}

CheckFinding check_server(const std::string& url, const Result<jetstream::ServerHealth>& answer)
{
    CheckFinding finding{"nats-server", CheckVerdict::ok, url + ": well.", {}};
    if (!answer) {
        finding.verdict = CheckVerdict::warn;
        finding.what = "its health is not known: " + describe(answer.error()) + ".";
        finding.remedy = "start that server, or correct nats.monitor_urls.";
    } else if (!answer->is_well) {
        finding.verdict = CheckVerdict::fail;
        finding.what = url + ": " + answer->trouble + ".";
        finding.remedy = answer->remedy;
    }
    return finding;
}

CheckVerdict worst(const std::vector<CheckFinding>& findings) noexcept
{
    CheckVerdict verdict = CheckVerdict::ok;
    for (const CheckFinding& finding : findings) {
        verdict = std::max(verdict, finding.verdict);
    }
    return verdict;
}

std::string to_text(const std::vector<CheckFinding>& findings)
{
    constexpr std::size_t verdict_width = 6;
    std::string text;
    for (const CheckFinding& finding : findings) {
        std::string verdict{name(finding.verdict)};
        verdict.resize(verdict_width, ' ');
        text.append(verdict).append(finding.check).append(": ").append(finding.what).append("\n");
        if (!finding.remedy.empty()) {
            text.append("      remedy: ").append(finding.remedy).append("\n");
        }
    }
    return text;
}

std::string to_json(const std::vector<CheckFinding>& findings)
{
    std::string json{"{\"findings\":["};
    for (const CheckFinding& finding : findings) {
        json.append(json.back() == '[' ? "" : ",").append("{\"check\":");
        append_canonical_string(json, finding.check);
        json.append(",\"verdict\":\"").append(name(finding.verdict)).append("\",\"what\":");
        append_canonical_string(json, finding.what);
        json.append(",\"remedy\":");
        append_canonical_string(json, finding.remedy);
        json.push_back('}');
    }
    json.append("],\"verdict\":\"").append(name(worst(findings))).append("\"}");
    return json;
}

} // namespace sealstream::cli
