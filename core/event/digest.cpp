#include "core/event/digest.hpp"

#include "core/base/check.hpp"

#include <blake3.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>

namespace sealstream {

namespace {

// Fetched once: looking the algorithm up costs more than hashing a short input.
const EVP_MD* sha256_algorithm()
{
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    SEAL_CHECK(algorithm != nullptr, "OpenSSL knows SHA-256");
    return algorithm;
}

unsigned char* out(Digest& digest)
{
    return reinterpret_cast<unsigned char*>(digest.bytes.data());
}

void draw_random(std::span<std::byte> to)
{
    SEAL_CHECK(
        RAND_bytes(reinterpret_cast<unsigned char*>(to.data()), static_cast<int>(to.size())) == 1,
        "the operating system gives random bytes");
}

} // namespace

struct Sha256::Context {
    EVP_MD_CTX* handle{EVP_MD_CTX_new()};

    Context() { SEAL_CHECK(handle != nullptr, "memory for a hash context"); }
    ~Context() { EVP_MD_CTX_free(handle); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
};

Sha256::Sha256() : context_{std::make_unique<Context>()}
{
    reset();
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::reset()
{
    SEAL_CHECK(EVP_DigestInit_ex2(context_->handle, sha256_algorithm(), nullptr) == 1,
               "starting SHA-256 can not fail");
}

void Sha256::update(ByteView piece)
{
    SEAL_CHECK(EVP_DigestUpdate(context_->handle, piece.data(), piece.size()) == 1,
               "feeding SHA-256 can not fail");
}

Digest Sha256::finish()
{
    Digest digest;
    SEAL_CHECK(EVP_DigestFinal_ex(context_->handle, out(digest), nullptr) == 1,
               "finishing SHA-256 can not fail");
    return digest;
}

Digest sha256(ByteView bytes)
{
    thread_local Sha256 hasher;
    hasher.reset();
    hasher.update(bytes);
    return hasher.finish();
}

Digest blake3(ByteView bytes)
{
    blake3_hasher hasher;
    blake3_hasher_init(&hasher);
    blake3_hasher_update(&hasher, bytes.data(), bytes.size());
    Digest digest;
    blake3_hasher_finalize(&hasher, reinterpret_cast<std::uint8_t*>(digest.bytes.data()),
                           digest.bytes.size());
    return digest;
}

std::array<std::byte, 20> sha1_of_handshake(ByteView bytes)
{
    std::array<std::byte, 20> digest{};
    const int done =
        EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   nullptr, EVP_sha1(), nullptr);
    SEAL_CHECK(done == 1, "OpenSSL knows SHA-1");
    return digest;
}

void fill_random(std::span<std::byte> to)
{
    // Drawn in lots: a draw costs a microsecond whatever its size. What was handed out is wiped. A
    // process that forks without exec would hand out the same bytes twice; ours never does.
    struct Lot {
        std::array<std::byte, 1024> bytes{};
        std::size_t used{sizeof(bytes)};
    };
    thread_local Lot lot;
    if (to.size() > lot.bytes.size()) {
        draw_random(to);
        return;
    }
    if (to.size() > lot.bytes.size() - lot.used) {
        draw_random(lot.bytes);
        lot.used = 0;
    }
    const auto taken = std::span{lot.bytes}.subspan(lot.used, to.size());
    std::copy(taken.begin(), taken.end(), to.begin());
    std::fill(taken.begin(), taken.end(), std::byte{0});
    lot.used += to.size();
}

} // namespace sealstream
