#pragma once

// OpenSSL objects that free themselves. For sources only: no header of ours shows an OpenSSL type.

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

namespace sealstream {

template <auto release>
struct Releases {
    template <class T>
    void operator()(T* handle) const noexcept
    {
        release(handle);
    }
};

using PkeyHandle = std::unique_ptr<EVP_PKEY, Releases<EVP_PKEY_free>>;
using MdContextHandle = std::unique_ptr<EVP_MD_CTX, Releases<EVP_MD_CTX_free>>;

// OpenSSL keeps a queue of errors a thread; what a failed check left there must not confuse a later
// call.
struct ClearsErrors {
    ~ClearsErrors() { ERR_clear_error(); }
};

} // namespace sealstream
