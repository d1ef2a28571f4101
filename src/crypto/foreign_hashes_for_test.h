// Owns: one hash of each format with its password, for tests: made by python3's hashlib, passlib, bcrypt and
// argon2-cffi, and by openssl passwd and enc.
#pragma once
#include <string_view>

namespace crypto {

struct KnownHash {
  std::string_view hash, password;
};
inline constexpr KnownHash known_hashes[] = {
    {"$2b$05$abcdefghijklmnopqrstuunifklLA7zFb4cM.dfd4SgNZuzm0NUWK", "Blue whale 42!"},
    {"$2a$05$2dXjC3ebOUQtpN//SN2E1uLlyoZ25Q6LuEBAroyHSdbwhynGKCkZ2", "Blue whale 42!"},
    {"$2y$05$Razv53OTpHkyZLsxHaC2ruD0xyGpw21I.5l4jmMtZQiJF1q3qVcUa", "Blue whale 42!"},
    {"bcrypt$$2b$05$8QVtKRnxUx2tFQjbORLAa.RxUDN9O.ysynAtX.4BayoGq0HctKShy", "Blue whale 42!"},
    {"bcrypt_sha256$$2b$05$abcdefghijklmnopqrstuu.o/NJpqBMzUPPPSnVYqFabpJw0qCB56", "Blue whale 42!"},
    {"$6$saltsalt$qiIPJAU4W.FbVvdt9rkkPcqCh0noLDoiSNWvqBF3Nnub0x8rtha51rT1ze/7RhM5S.H2j4Vfhw7MOQqrz/5ee/",
     "Blue whale 42!"},
    {"$5$saltsaltsaltsalt$CI6nBBGc7mSXhX7OIURjeswvxfC16yhKMUZ0yqkKWJD", "Blue whale 42!"},
    {"$6$rounds=6000$52O6cPGv7h0f.Me1$H9qJMHTnV/j/"
     "peYXEdb75r84qLx3UqYqdndM9SMe0aLtBj9md8sEOa1zhIyIf7qY1LW2GqR4MNvYPfVDsQFoq.",
     "Blue whale 42!"},
    {"$sha512-crypt$rounds=6000$5yE6lKBFSqqxO.ST$LgYAPTEWsdMa03mD11pB2sGdjwF/"
     "0bftAdf.xmdBHQfPBvf19QeyDZIKefu5l9Li88jmq34u6mIKkpcYK33a10",
     "Blue whale 42!"},
    {"$P$6VP2pUWQEydsT00Ai60Pl1LRl0LQty/", "Blue whale 42!"},
    {"$H$7qsaH1WOL91TsG3gnh/8SthHFQS/b3/", "Blue whale 42!"},
    {"$pbkdf2-sha1$i=2000,l=64$AQIDBAUGBwgJCgsMDQ4PEA$sdQjn8OAlUcFP6hGIOan9vEtkTxa+vW34eyfgHr7ZZBPePQGvlYD/"
     "bfyNkpDe31Fx6fVgq1novTJmnE1E1NLjw",
     "Blue whale 42!"},
    {"$pbkdf2-sha256$i=2000,l=64$AQIDBAUGBwgJCgsMDQ4PEA$L/"
     "s+dmmk6BuGaU3Skku+IsVCqGP4OZTSBVhO+2fYjymYYQZ2TEKeGjdpwfV1AkWJr1XKjIfCfYRMx3cOKFVAgA",
     "Blue whale 42!"},
    {"$pbkdf2-sha512$i=2000,l=64$AQIDBAUGBwgJCgsMDQ4PEA$kMAGBStTVfA+"
     "dF672ICcnwAH7werdGrFK14cEbZYZJbmcqoHsOIp724jrL6Yibc0F/hqqaQ2lyCO8E4Cxm+xuQ",
     "Blue whale 42!"},
    {"$pbkdf2-sha256$1000$/19r7b13LqU0ptR6T2mNEQ$c.NQBrEekMxo.CCZgL8/IIDFpSsaUzkRGj914PwI5Pk", "Blue whale 42!"},
    {"$pbkdf2$1000$c07JGeNca00ppfTee0/p3Q$l5y5zqFLMFKyiiUeuwPNuFXU5wo", "Blue whale 42!"},
    {"$pbkdf2-sha512$1000$Ygyh9B5jLOX8/"
     "39PqdW6Fw$DRQkWdepgazdwWg2Kr4x9lJiYQ00PVrHYpfzM3EKYSNDcviWsy2KbET31iwu5MKpFZH7j8dj0VUpYg7XEOXXfQ",
     "Blue whale 42!"},
    {"pbkdf2_sha256$2000$saltsalt$oqS1KZJ/lTGLy9gUGVcfFxSXFLBDcF7DWIWUVNXza+A=", "Blue whale 42!"},
    {"pbkdf2_sha1$2000$saltsalt$H9l/cQw+f/z0idkeaUYB25Ne3e0=", "Blue whale 42!"},
    {"$scrypt$ln=8,r=8,p=1$LOWcUwqB8D7HOGfsPSdk7A$o1pjMHRn8DAHH3cr7kEDElJAzMnlMlk5Akq2xXqoQm4", "Blue whale 42!"},
    {"$scrypt$ln=1024,r=8,p=1$AQIDBAUGBwgJCgsMDQ4PEA==$Q4yMcP+Q786qEdRGa6sUys55saaUy3gEyTwUNfg7hRs=", "Blue whale 42!"},
    {"scrypt$1024$saltsalt$8$1$ig8dEXg4FHnHNeV9ZTb+loRw5PX1DvRlmCidyNMQ6DxRJYdCI+kAEd2SyXiEfdnKkyAlqcjWbRy38kN8RXcJMA="
     "=",
     "Blue whale 42!"},
    {"$firescrypt$ln=10,r=8,p=1$AQIDBAUGBwgJCgsMDQ4PEA==$/POu2b1aCBY8IgjvBCkY40tRn/"
     "BgIzkLhKF29Zm2534VfZ2o1nSbCT9NAM5VoZQuGDCB4eX6WyMaJbmKGfabDg==$Bw==$"
     "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==",
     "Blue whale 42!"},
    {"$fbscrypt$v=1,n=10,r=8,p=1,ss=Bw==,sk="
     "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==$AQIDBAUGBwgJCgsMDQ4PEA=="
     "$/POu2b1aCBY8IgjvBCkY40tRn/BgIzkLhKF29Zm2534VfZ2o1nSbCT9NAM5VoZQuGDCB4eX6WyMaJbmKGfabDg==",
     "Blue whale 42!"},
    {"0102030405060708090a0b0c0d0e0f10:"
     "06a19e3cc1b58ed5ae6874d06edd920c63d701a9e057cbacd4d2ce4e1897b1a8cf7870dda8bfc95f2b4bac314265bbe22bce91bae723615d3"
     "c1f06df26ae0cac",
     "Blue whale 42!"},
    {"0102030405060708090a0b0c0d0e0f10:"
     "22a3ba0c1c81fe8ef7557f772ff41f8e5dd3480727f94bf622523fd7830973afceb9f853e37efd6008f7607540a4328ce499b07d0619fc2b1"
     "6b6a94134d4778f",
     "Ｂｌｕｅ ｗｈａｌｅ ﬁfth"},
    {"{SSHA}rNNMeA8ZgJHj5FzfSY6dWQ2G9GoBAgMEBQYHCA==", "Blue whale 42!"},
    {"{SSHA256}zUUrKLJj99JEpngPS59gmNWa/s70zadfNXPnHNMGCBQBAgMEBQYHCA==", "Blue whale 42!"},
    {"{SSHA384}yNeBqKZs7vggHlX8ahbYDyz1Roy2KY2iU/9fAhDoDF2EDG6bWWuh7h7x7PVOXc+tAQIDBAUGBwg=", "Blue whale 42!"},
    {"{SSHA512}YLODTiOuK7W9I7Cey41Hiig9JELOZpnfUZ1RsH2tpdEVCzWk6FXqoYhXU8p0AuXyZuLIwOv9EsC3BLa2jLVx1gECAwQFBgcI",
     "Blue whale 42!"},
    {"$sha1$pf=e1NBTFR9JCR7UEFTU1dPUkR9$AQIDBAUGBwgJCgsMDQ4PEA==$Oyp+g55SI8Hl8DHHMTiRsYvu9Lw=", "Blue whale 42!"},
    {"$sha256$pf=e1NBTFR9JCR7UEFTU1dPUkR9$AQIDBAUGBwgJCgsMDQ4PEA==$0QWwb5tD6f3rziUmPV8jX9xDjNWW8xM8X0w1VWAxauA=",
     "Blue whale 42!"},
    {"$sha512$pf=e1NBTFR9JCR7UEFTU1dPUkR9$AQIDBAUGBwgJCgsMDQ4PEA==$"
     "UJxaIOkITOzYffe3VDt88BtMsSwwv2dDvshJVmbRgHIJylNjTqv42xl1UHFbuDyCA02sETwmsEPIE7EJ3+kqIA==",
     "Blue whale 42!"},
    {"sha1$saltsalt$d23b84dbf42ca3a520ca2c3a96c161a60ab56a3d", "Blue whale 42!"},
    {"$argon2id$v=19$m=64,t=2,p=4$AQIDBAUGBwgJCgsMDQ4PEA$OQPJT0PU+E3TDdpgsSkSZTDiJQYJBJ0xNWIIAIMaKs8",
     "Blue whale 42!"},
    {"$argon2i$v=19$m=64,t=3,p=1$AQIDBAUGBwgJCgsMDQ4PEA$QJ1Q3pIy034Ap1+IjDty7aQH2A8ftfsbBDiXPhcYpV8", "Blue whale 42!"},
    {"argon2$argon2id$v=19$m=64,t=2,p=1$AQIDBAUGBwgJCgsMDQ4PEA$AYjc4OhD6AodegsffK1ZPD2HNUvp/peny6fnHcXH6+4",
     "Blue whale 42!"},
};
// Of 72 times the letter a.
inline constexpr std::string_view long_bcrypt = "$2b$05$abcdefghijklmnopqrstuuGUnCqbfgs3htOkLrFduUjAyLBw1Rq/u";

}  // namespace crypto
