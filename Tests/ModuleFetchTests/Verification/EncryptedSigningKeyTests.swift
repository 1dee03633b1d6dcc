import Testing

@testable import ModuleFetch

@Suite("cosign's encrypted private keys")
struct EncryptedSigningKeyTests {
    @Test func keyPairOfCosign() throws {
        let key = try SigningKey(pem: CosignVectors.pairPrivate)
        #expect(key.verificationKey == (try VerificationKey(pem: CosignVectors.pairPublic)))
        let signature = try key.sign([1, 2, 3])
        #expect(try VerificationKey(pem: CosignVectors.pairPublic).isValid(signature: signature, for: [1, 2, 3]))
    }

    @Test func newerLabelAndParameters() throws {
        #expect(try SigningKey(pem: CosignVectors.newerPrivate).description.contains("ECDSA P-256"))
    }

    @Test func passwords() throws {
        let key = try SigningKey(pem: CosignVectors.ed25519Private, password: Array("123".utf8))
        #expect(key.description.contains("Ed25519"))
        for password in ["", "12", "1234"] {
            let error = #expect(throws: ModuleFetchError.self) {
                try SigningKey(pem: CosignVectors.ed25519Private, password: Array(password.utf8))
            }
            #expect(error?.message.contains("wrong password") == true)
        }
    }

    @Test(arguments: [
        (#"{"N":32768,"r":8,"p":1}"#, "nacl/secretbox", "wrong password"),
        (#"{"N":32769,"r":8,"p":1}"#, "nacl/secretbox", "out of bounds"),
        (#"{"N":1073741824,"r":8,"p":1}"#, "nacl/secretbox", "out of bounds"),
        (#"{"N":1048576,"r":8,"p":1}"#, "nacl/secretbox", "out of bounds"),
        (#"{"N":32768,"r":-8,"p":1}"#, "nacl/secretbox", "out of bounds"),
        (#"{"N":32768,"r":8,"p":1000000}"#, "nacl/secretbox", "out of bounds"),
        (#"{"N":32768,"r":8,"p":1}"#, "rot13", "not scrypt and nacl/secretbox"),
        (#"{"N":"many"}"#, "nacl/secretbox", "not what cosign writes"),
    ])
    func bounds(_ parameters: String, _ cipher: String, _ reason: String) {
        let json =
            #"{"kdf":{"name":"scrypt","params":\#(parameters),"salt":"AAAA"},"#
            + #""cipher":{"name":"\#(cipher)","nonce":"AAAA"},"ciphertext":"AAAA"}"#
        let error = #expect(throws: ModuleFetchError.self) {
            try EncryptedSigningKey.open(Array(json.utf8), password: [])
        }
        #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
    }
}
