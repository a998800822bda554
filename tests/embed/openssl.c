/* SPDX-License-Identifier: MIT */
/*
 * All of libcrypto on a heap of 4 MiB: a digest, a cipher there and back, and a prime number. Its
 * end is called by hand, so that what it leaves can be seen: nothing.
 */
#include "ending.h"

#include <chunkmalloc/callbacks.h>
#include <chunkmalloc/mutex.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

CHUNK_HEAP_DEFINE(heap, 1 << 16, 64);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const struct chunk_locked_heap locked = {&heap, CHUNK_LOCK_MUTEX(&mutex)};
CHUNK_OPENSSL_CALLBACKS_DEFINE(on_heap, &locked);

static void digest(void) {
    static const unsigned char expected[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
    unsigned char found[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    CHECK(chunk_heap_contains(&heap, context));
    CHECK(EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    CHECK(EVP_DigestUpdate(context, "abc", 3) == 1);
    CHECK(EVP_DigestFinal_ex(context, found, &size) == 1 && size == 32);
    CHECK(memcmp(found, expected, sizeof expected) == 0);
    EVP_MD_CTX_free(context);
}

enum { CIPHER_SIZE = 100000 };

/* The bytes written to `to`. */
static size_t convert(int encrypt, const unsigned char *from, size_t size, unsigned char *to) {
    static const unsigned char key[] = "a key of exactly thirty-two bytes";
    static const unsigned char start[] = "sixteen or more bytes";
    int length = 0;
    int rest = 0;
    EVP_CIPHER_CTX *const context = EVP_CIPHER_CTX_new();
    CHECK(chunk_heap_contains(&heap, context));
    CHECK(EVP_CipherInit_ex(context, EVP_aes_256_cbc(), NULL, key, start, encrypt) == 1);
    CHECK(EVP_CipherUpdate(context, to, &length, from, (int)size) == 1);
    CHECK(EVP_CipherFinal_ex(context, to + length, &rest) == 1);
    EVP_CIPHER_CTX_free(context);
    return (size_t)length + (size_t)rest;
}

static void cipher(void) {
    static unsigned char plain[CIPHER_SIZE];
    static unsigned char secret[CIPHER_SIZE + 16];
    static unsigned char again[CIPHER_SIZE + 16];
    pattern_fill(plain, sizeof plain, 1);
    const size_t size = convert(1, plain, sizeof plain, secret);
    CHECK(size > sizeof plain && memcmp(plain, secret, sizeof plain) != 0);
    CHECK(convert(0, secret, size, again) == sizeof plain);
    CHECK(memcmp(plain, again, sizeof plain) == 0);
}

/* 2^(p-1) mod p is 1 for a prime p, here the Mersenne prime 2^2203 - 1. */
static void numbers(void) {
    BN_CTX *const context = BN_CTX_new();
    BIGNUM *const prime = BN_new();
    BIGNUM *const exponent = BN_new();
    BIGNUM *const two = BN_new();
    BIGNUM *const result = BN_new();
    CHECK(chunk_heap_contains(&heap, result));
    CHECK(BN_set_bit(prime, 2203) == 1 && BN_sub_word(prime, 1) == 1);
    CHECK(BN_copy(exponent, prime) != NULL && BN_sub_word(exponent, 1) == 1);
    CHECK(BN_set_word(two, 2) == 1);
    CHECK(BN_mod_exp(result, two, exponent, prime, context) == 1 && BN_is_one(result));
    BN_free(result);
    BN_free(two);
    BN_free(exponent);
    BN_free(prime);
    BN_CTX_free(context);
}

static void conventions(void) {
    CHECK(OPENSSL_malloc(0) == NULL && OPENSSL_realloc(NULL, 0) == NULL);
    void *const block = OPENSSL_realloc(NULL, 10);
    CHECK(chunk_usable_size(&heap, block) == 64);
    CHECK(OPENSSL_realloc(block, 0) == NULL);
    OPENSSL_free(NULL);
    CHECK(OPENSSL_malloc(hide_size(SIZE_MAX)) == NULL);
}

int main(void) {
    CHECK(CRYPTO_set_mem_functions(on_heap_alloc, on_heap_realloc, on_heap_free) == 1);
    digest();
    cipher();
    numbers();
    conventions();
    OPENSSL_cleanup();
    check_ending("openssl", &heap);
    return 0;
}
