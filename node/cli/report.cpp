#include "node/cli/report.hpp"

#include "core/base/encoding.hpp"
#include "node/cli/commands.hpp"
#include "node/cli/progress.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace sealstream::cli {

namespace json = boost::json;

namespace {

json::object finding_object(const Finding& finding)
{
    json::object object{{"kind", name(finding.kind)}, {"text", json::string_view{finding.text}}};
    if (finding.position) {
        object["position"] = std::to_string(finding.position->value);
    }
    if (finding.event) {
        object["event"] = finding.event->to_string();
    }
    if (!finding.stream.empty()) {
        object["stream"] = finding.stream;
    }
    if (finding.leaf_index) {
        object["leaf"] = std::to_string(*finding.leaf_index);
    }
    if (finding.expected) {
        object["expected"] = to_hex(finding.expected->view());
    }
    if (finding.found) {
        object["found"] = to_hex(finding.found->view());
    }
    return object;
}

} // namespace

int exit_code(Verdict verdict)
{
    switch (verdict) {
    case Verdict::ok:
        return exit_ok;
    case Verdict::tampered:
        return exit_tampered;
    case Verdict::undecided:
        return exit_undecided;
    }
    return exit_undecided;
}

std::string to_text(const VerifyReport& report, double seconds)
{
    const double rate = seconds > 0 ? static_cast<double>(report.events) / seconds : 0;
    std::string text;
    switch (report.verdict) {
    case Verdict::ok:
        text = "OK: every sealed event is as it was";
        break;
    case Verdict::tampered:
        text = "TAMPERED: the ledger is not what was sealed";
        break;
    case Verdict::undecided:
        text = "UNDECIDED: nothing is wrong, but not everything could be checked";
        break;
    }
    text += "\n  events       " + grouped(report.events) + " compared with their leaf, " +
            grouped(report.unsealed) + " not sealed yet";
    text += "\n  tree         " + grouped(report.tree_size) + " leaves, root " +
            to_hex(report.root.view());
    text += "\n  checkpoints  " + grouped(report.checkpoints) + " with a good signature, in " +
            grouped(report.epochs) + " epochs; signed up to position " +
            grouped(report.signed_to.value);
    text += "\n  rate         " + grouped(static_cast<std::uint64_t>(rate)) + " events/s\n";
    for (const Finding& finding : report.findings) {
        text += "  ! " + describe(finding) + "\n";
    }
    if (report.findings_total > report.findings.size()) {
        text += "  ! and " + grouped(report.findings_total - report.findings.size()) + " more\n";
    }
    return text;
}

std::string to_json(const VerifyReport& report)
{
    json::array findings;
    for (const Finding& finding : report.findings) {
        findings.push_back(finding_object(finding));
    }
    const std::string root = to_hex(report.root.view());
    const json::object object{{"verdict", name(report.verdict)},
                              {"events", report.events},
                              {"leaves", report.leaves},
                              {"checkpoints", report.checkpoints},
                              {"epochs", report.epochs},
                              {"tree_size", std::to_string(report.tree_size)},
                              {"root", json::string_view{root}},
                              {"signed_to", std::to_string(report.signed_to.value)},
                              {"covered", std::to_string(report.covered.value)},
                              {"head", std::to_string(report.head.value)},
                              {"unsealed", report.unsealed},
                              {"findings_total", report.findings_total},
                              {"findings", findings},
                              {"exit_code", exit_code(report.verdict)}};
    return json::serialize(object);
}

} // namespace sealstream::cli
