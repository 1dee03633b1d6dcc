/// What was seen on the way, for the error that is due when no signature was good.
struct SignatureFindings {
    /// How one signature was no good.
    enum Flaw: Hashable {
        /// Made by none of the keys, or altered since.
        case otherKey
        case otherDigest(String)
        case otherName(String)
        /// Signed by the key, but not as leave to run an image.
        case otherPurpose(String)
        /// It cannot be read: why.
        case unreadable(String)
    }

    /// More are not looked at, of one image.
    static let maximumSignatures = 64
    /// Of one payload or bundle.
    static let maximumPayloadBytes = 1 << 20

    private(set) var places: [String] = []
    private(set) var flaws: [Flaw] = []
    private(set) var count = 0
    private var referrersOpened = 0
    private(set) var isTruncated = false

    mutating func looked(at place: String) {
        if !self.places.contains(place) { self.places.append(place) }
    }

    /// False when there have been enough.
    mutating func takes() -> Bool {
        guard self.count < Self.maximumSignatures else {
            self.isTruncated = true
            return false
        }
        self.count += 1
        return true
    }

    /// False when enough manifests have been opened, or signatures seen: a list without types makes every entry be opened.
    mutating func opensReferrer() -> Bool {
        guard !self.isTruncated, self.referrersOpened < Self.maximumSignatures else {
            self.isTruncated = true
            return false
        }
        self.referrersOpened += 1
        return true
    }

    mutating func add(_ flaw: Flaw) { self.flaws.append(flaw) }

    func error(image: ImageReference, digests: [Digest], keys: [VerificationKey]) -> ModuleFetchError {
        let subject = "\(image.name)@\(digests.map(\.description).joined(separator: " or "))"
        let by = keys.map(\.description).joined(separator: " or ")
        if self.count == 0 {
            return ModuleFetchError(
                .unverified,
                "\(subject) is not signed: there is no signature at \(self.places.joined(separator: ", nor at "))"
                    + (self.isTruncated ? " (no more than \(Self.maximumSignatures) referrers were looked at)" : ""))
        }
        var parts: [String] = []
        var distinct: [Flaw] = []
        for flaw in self.flaws where !distinct.contains(flaw) { distinct.append(flaw) }
        for flaw in distinct.prefix(4) {
            switch flaw {
            case .otherDigest(let digest): parts.append("one signed with the key is for another digest, \(digest)")
            case .otherName(let name): parts.append("one signed with the key is for another image, \(name)")
            case .otherPurpose(let purpose):
                parts.append("one made with the key is not a signature of an image but \(purpose)")
            case .unreadable(let why): parts.append("one cannot be read: \(why)")
            case .otherKey: break
            }
        }
        if self.flaws.contains(.otherKey) {
            let number = self.flaws.count { $0 == .otherKey }
            parts.append("\(number) made by another key, or altered since")
        }
        if self.isTruncated { parts.append("no more than \(Self.maximumSignatures) were looked at") }
        let many =
            self.count == 1 ? "1 signature was found, and it is not" : "\(self.count) signatures were found, none"
        return ModuleFetchError(
            .unverified,
            "\(subject) is not signed with \(by): \(many) good (\(parts.joined(separator: "; ")))")
    }
}
