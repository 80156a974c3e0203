#include "audit/verify_report.hpp"

namespace sealstream {

std::string_view name(Verdict verdict) noexcept
{
    switch (verdict) {
    case Verdict::ok:
        return "ok";
    case Verdict::tampered:
        return "tampered";
    case Verdict::undecided:
        return "undecided";
    }
    return {};
}

void FindingList::add(Finding finding)
{
    (is_tampering(finding.kind) ? is_tampered_ : is_undecided_) = true;
    ++report_.findings_total;
    if (report_.findings.size() < findings_max_) {
        report_.findings.push_back(std::move(finding));
    }
}

Verdict FindingList::verdict() const noexcept
{
    if (is_tampered_) {
        return Verdict::tampered;
    }
    return is_undecided_ ? Verdict::undecided : Verdict::ok;
}

} // namespace sealstream
