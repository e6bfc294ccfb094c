import Core

/// Why a sign-in through the provider came to nothing. The raw values are what the dashboard's login page is told.
public struct SignInFailure: Error, Sendable {
    public enum Reason: String, Sendable, CaseIterable {
        /// The cookie of the attempt is missing or not ours: another browser, or another tab began anew.
        case attemptUnknown = "attempt_unknown"
        case attemptExpired = "attempt_expired"
        /// The answer was used before, or is not to this attempt.
        case answerUnfitting = "answer_unfitting"
        /// The provider, or the person at it, said no.
        case refused
        case providerUnavailable = "provider_unavailable"
        /// The provider answers in ways that are not OpenID Connect, or with a token that cannot be believed.
        case providerWrong = "provider_wrong"
        case emailNotVerified = "email_not_verified"
        /// The provider does not tell the claim that names the user, or tells a name that no user may have.
        case nameUnusable = "name_unusable"
        /// A user of that name is here and was not linked to the provider's.
        case nameTaken = "name_taken"
        /// The provider's user has none here, and none is made.
        case userUnknown = "user_unknown"
    }

    public let reason: Reason
    public let error: MonoflowError

    public init(_ reason: Reason, _ error: MonoflowError) {
        self.reason = reason
        self.error = error
    }

    init(_ reason: Reason, _ code: MonoflowError.Code, _ subject: String, _ message: String, hint: String? = nil) {
        self.init(reason, MonoflowError(code, "sign in", subject, message, hint: hint))
    }

    /// - Parameter error: of a request to the provider, or of a check of what it answered.
    static func provider(_ error: MonoflowError) -> SignInFailure {
        switch error.code {
        case .unavailable, .deadlineExceeded, .resourceExhausted, .cancelled: SignInFailure(.providerUnavailable, error)
        default: SignInFailure(.providerWrong, error)
        }
    }
}
