// Owns: the once-per-process start of libsodium, the owners of OpenSSL's objects, and what happens when a call
// that cannot fail does.
// Does not own: any algorithm. For the .cc files of this folder only.
// Thread rule: safe everywhere.
#pragma once
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <memory>

namespace crypto {

// libsodium chooses its fastest implementations here; cheap when it is done already.
void start_sodium();

// For calls that fail only when memory is gone or the library is broken: the process ends, because carrying on
// would mean to sign or to seal with something undefined.
void must(bool ok, const char* what);

template <auto free_function>
struct Release {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};

using KeyPtr = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;
using MacContextPtr = std::unique_ptr<EVP_MAC_CTX, Release<EVP_MAC_CTX_free>>;
using KdfContextPtr = std::unique_ptr<EVP_KDF_CTX, Release<EVP_KDF_CTX_free>>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, Release<EVP_CIPHER_CTX_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;

}  // namespace crypto
