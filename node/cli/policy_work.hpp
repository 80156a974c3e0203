#pragma once

// What the commands below `sealstream policy` do at a node. Each returns its exit code.

#include "node/cli/commands.hpp"
#include "node/cli/node_client.hpp"

namespace sealstream::cli {

struct PolicyFlags {
    NodeFlags node;
    bool is_json{false};
    std::string type;
    std::vector<std::string> sources; // of a change; explain has at most one
    std::vector<std::string> stream_types;
    bool is_for_nobody{false};
    bool is_for_any_stream_type{false};
    bool is_skipped{false};
    bool is_counted{false};
    bool is_removed{false};
    bool is_sure{false};
    bool is_new{false};
    std::uint64_t if_version{0}; // 0: the one that is there
    std::uint64_t events{0};     // 0: as many as the node chooses
    std::string file;
    std::string stream;
    std::uint64_t rows_max{50};
    std::vector<std::pair<std::string, std::string>> filter; // query parameters
};

[[nodiscard]] Task<Result<int>> list_policies(std::shared_ptr<PolicyFlags> flags,
                                              NodeAccess access);
[[nodiscard]] Task<Result<int>> get_policy(std::shared_ptr<PolicyFlags> flags, NodeAccess access);
[[nodiscard]] Task<Result<int>> set_policy(std::shared_ptr<PolicyFlags> flags, NodeAccess access);
[[nodiscard]] Task<Result<int>> remove_policy(std::shared_ptr<PolicyFlags> flags,
                                              NodeAccess access);
// 0 when the event would be appended, else the code that the append would end with.
[[nodiscard]] Task<Result<int>> explain_policy(std::shared_ptr<PolicyFlags> flags,
                                               NodeAccess access);
// 12 when events would be refused that are not now.
[[nodiscard]] Task<Result<int>> dry_run_policies(std::shared_ptr<PolicyFlags> flags,
                                                 NodeAccess access);
[[nodiscard]] Task<Result<int>> list_rejections(std::shared_ptr<PolicyFlags> flags,
                                                NodeAccess access);

} // namespace sealstream::cli
