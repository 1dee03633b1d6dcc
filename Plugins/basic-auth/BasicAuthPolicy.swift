import ProxyWasmSDK

/// What is wrong with a configuration: where, and what to write instead. Never quotes a secret.
struct BasicAuthConfigurationError: Error {
    var message: ByteString

    init(_ message: ByteString) {
        self.message = message
    }
}

/// The whole configuration: rules in order, the first that applies decides.
struct BasicAuthPolicy {
    private(set) var realm: ByteString = "mizzen"
    private(set) var rules: [BasicAuthRule] = []

    func rule(path: ByteString, method: ByteString) -> BasicAuthRule? {
        self.rules.first { $0.applies(path: path, method: method) }
    }

    /// The value of `WWW-Authenticate`.
    var challenge: ByteString {
        var quoted: [UInt8] = []
        for byte in self.realm.bytes {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { quoted.append(UInt8(ascii: "\\")) }
            quoted.append(byte)
        }
        return "Basic realm=\"" + ByteString(quoted) + "\""
    }

    /// Counts for the log; no names, no passwords.
    var summary: ByteString {
        let users = self.rules.reduce(0) { $0 + $1.credentials.count }
        let prefixes = self.rules.reduce(0) { $0 + $1.prefixes.count }
        return "users: " + ByteString(decimal: users) + ", protected prefixes: " + ByteString(decimal: prefixes)
            + ", realm: \"" + self.realm + "\""
    }

    init(parsing text: ByteString) throws(BasicAuthConfigurationError) {
        guard !text.isEmpty else {
            throw BasicAuthConfigurationError("missing; set pluginConfig with \"users\" (or \"basic_auth_rules\")")
        }
        let document: JSONValue
        do {
            document = try JSONValue(parsing: text)
        } catch {
            throw BasicAuthConfigurationError("not JSON: " + error.description)
        }
        guard let members = document.members else {
            throw BasicAuthConfigurationError("must be an object such as {\"users\": [...]}")
        }
        var simple = BasicAuthRule(prefixes: ["/"])
        for member in members {
            switch member.key {
            case "realm": self.realm = try Self.realm(member.value)
            case "prefixes": simple.prefixes = try Self.prefixes(member.value)
            case "users": simple.credentials = try Self.users(member.value)
            case "basic_auth_rules": self.rules = try Self.rules(member.value)
            default: throw Self.unknownField(member.key, in: "")
            }
        }
        if simple.credentials.count > 0 {
            self.rules.append(simple)
        } else if document["prefixes"] != nil {
            throw BasicAuthConfigurationError("prefixes: needs users; add \"users\": [{\"username\", \"password\"}]")
        }
        guard !self.rules.isEmpty else {
            throw BasicAuthConfigurationError("users: missing; add \"users\": [{\"username\": …, \"password\": …}]")
        }
    }

    private static func realm(_ value: JSONValue) throws(BasicAuthConfigurationError) -> ByteString {
        guard let realm = value.string, !realm.isEmpty, !realm.bytes.contains(where: Self.isControl) else {
            throw BasicAuthConfigurationError("realm: must be a text, not empty, without control characters")
        }
        return realm
    }

    private static func prefixes(_ value: JSONValue) throws(BasicAuthConfigurationError) -> [ByteString] {
        guard let elements = value.elements, !elements.isEmpty else {
            throw BasicAuthConfigurationError("prefixes: must be a list of paths, not empty; [\"/\"] protects all")
        }
        var prefixes: [ByteString] = []
        for (index, element) in elements.enumerated() {
            prefixes.append(try Self.prefix(element, at: "prefixes[" + ByteString(decimal: index) + "]"))
        }
        return prefixes
    }

    private static func prefix(
        _ value: JSONValue,
        at place: ByteString
    ) throws(BasicAuthConfigurationError) -> ByteString {
        guard let prefix = value.string, PathGuard.isNormal(prefix) else {
            throw BasicAuthConfigurationError(
                place
                    + ": must be a plain path that starts with \"/\": no query, \"//\", \"/.\", \"%\", \";\" or spaces"
            )
        }
        return prefix
    }

    private static func users(_ value: JSONValue) throws(BasicAuthConfigurationError) -> CredentialTable {
        guard let elements = value.elements, !elements.isEmpty else {
            throw BasicAuthConfigurationError("users: must be a list of {\"username\", \"password\"}, not empty")
        }
        var table = CredentialTable()
        for (index, element) in elements.enumerated() {
            let place: ByteString = "users[" + ByteString(decimal: index) + "]"
            guard let members = element.members else {
                throw BasicAuthConfigurationError(place + ": must be an object with \"username\" and \"password\"")
            }
            var name: ByteString?
            var password: ByteString?
            for member in members {
                switch member.key {
                case "username", "name": name = member.value.string
                case "password": password = member.value.string
                default: throw Self.unknownField(member.key, in: place + ".")
                }
            }
            guard let name, !name.isEmpty, !name.bytes.contains(UInt8(ascii: ":")) else {
                throw BasicAuthConfigurationError(place + ".username: must be a text, not empty, without \":\"")
            }
            guard let password, !password.isEmpty else {
                throw BasicAuthConfigurationError(place + ".password: must be a text, not empty")
            }
            try Self.add(name + ":" + password, to: &table, at: place)
        }
        return table
    }

    private static func add(
        _ credential: ByteString,
        to table: inout CredentialTable,
        at place: ByteString
    ) throws(BasicAuthConfigurationError) {
        guard credential.count <= CredentialTable.maximumLength else {
            throw BasicAuthConfigurationError(place + ": name and password together are limited to 255 bytes")
        }
        guard !credential.bytes.contains(where: Self.isControl) else {
            throw BasicAuthConfigurationError(place + ": control characters are not allowed")
        }
        table.add(credential)
    }

    /// The form of Istio's sample plugin: `[{"prefix", "request_methods", "credentials": ["name:password"]}]`, a
    /// credential without a colon being base64.
    private static func rules(_ value: JSONValue) throws(BasicAuthConfigurationError) -> [BasicAuthRule] {
        guard let elements = value.elements, !elements.isEmpty else {
            throw BasicAuthConfigurationError("basic_auth_rules: must be a list of rules, not empty")
        }
        var rules: [BasicAuthRule] = []
        for (index, element) in elements.enumerated() {
            let place: ByteString = "basic_auth_rules[" + ByteString(decimal: index) + "]"
            guard let members = element.members else {
                throw BasicAuthConfigurationError(place + ": must be an object")
            }
            var rule = BasicAuthRule(prefixes: [])
            for member in members {
                switch member.key {
                case "prefix": rule.prefixes = [try Self.prefix(member.value, at: place + ".prefix")]
                case "request_methods": rule.methods = try Self.texts(member.value, at: place + ".request_methods")
                case "credentials":
                    let texts = try Self.texts(member.value, at: place + ".credentials")
                    for (index, text) in texts.enumerated() {
                        let place: ByteString = place + ".credentials[" + ByteString(decimal: index) + "]"
                        try Self.add(try Self.credential(text, at: place), to: &rule.credentials, at: place)
                    }
                default: throw Self.unknownField(member.key, in: place + ".")
                }
            }
            guard !rule.prefixes.isEmpty else { throw BasicAuthConfigurationError(place + ".prefix: missing") }
            guard rule.credentials.count > 0 else {
                throw BasicAuthConfigurationError(place + ".credentials: missing")
            }
            rules.append(rule)
        }
        return rules
    }

    private static func credential(
        _ text: ByteString,
        at place: ByteString
    ) throws(BasicAuthConfigurationError) -> ByteString {
        if text.bytes.contains(UInt8(ascii: ":")) { return text }
        guard let decoded = Base64.decode(text), decoded.contains(UInt8(ascii: ":")) else {
            throw BasicAuthConfigurationError(place + ": must be \"name:password\", or that in base64")
        }
        return ByteString(decoded)
    }

    private static func texts(
        _ value: JSONValue,
        at place: ByteString
    ) throws(BasicAuthConfigurationError) -> [ByteString] {
        guard let elements = value.elements, !elements.isEmpty else {
            throw BasicAuthConfigurationError(place + ": must be a list of texts, not empty")
        }
        var texts: [ByteString] = []
        for element in elements {
            guard let text = element.string, !text.isEmpty else {
                throw BasicAuthConfigurationError(place + ": must be a list of texts, not empty")
            }
            texts.append(text)
        }
        return texts
    }

    private static func unknownField(_ key: ByteString, in place: ByteString) -> BasicAuthConfigurationError {
        BasicAuthConfigurationError(place + key + ": unknown field; check the spelling")
    }

    private static func isControl(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F
    }
}
