#include "node/http/health.hpp"

#include <algorithm>

namespace sealstream::http {

std::vector<Health::Finding> Health::findings() const
{
    std::vector<Finding> all;
    all.reserve(checks_.size() + 2);
    all.push_back({"started", is_started_ ? "" : "still starting"});
    all.push_back({"not-draining", is_draining_ ? "shutting down" : ""});
    for (const Named& named : checks_) {
        all.push_back({named.name, named.check()});
    }
    return all;
}

bool Health::is_ready() const
{
    const auto all = findings();
    return std::all_of(all.begin(), all.end(),
                       [](const Finding& finding) { return finding.reason.empty(); });
}

} // namespace sealstream::http
