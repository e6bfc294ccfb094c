import Core
import GRDB

/// SQLite's result codes in the project's vocabulary.
public enum DatabaseErrors {
    /// A `MonoflowError` as it is; a SQLite failure by its (extended) result code; anything else `internalError`.
    /// Messages never hold a statement's arguments, which may be secrets.
    public static func map(_ error: any Error, _ operation: String = "write database", _ subject: String = "") -> MonoflowError {
        switch error {
        case let error as MonoflowError:
            return error
        case let error as GRDB.DatabaseError:
            let text = error.message ?? error.resultCode.description
            return MonoflowError(code(error.extendedResultCode), operation, subject, text, hint: hint(error.resultCode))
        case is CancellationError:
            return MonoflowError(.cancelled, operation, subject, "cancelled")
        default:
            return MonoflowError(.internalError, operation, subject, "\(error)")
        }
    }

    private static func code(_ result: ResultCode) -> MonoflowError.Code {
        switch result {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID: return .alreadyExists
        case .SQLITE_CONSTRAINT_FOREIGNKEY, .SQLITE_CONSTRAINT_TRIGGER: return .failedPrecondition
        default: break
        }
        switch result.primaryResultCode {
        case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH: return .invalidArgument
        case .SQLITE_FULL, .SQLITE_NOMEM: return .resourceExhausted
        case .SQLITE_TOOBIG: return .payloadTooLarge
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_PROTOCOL: return .unavailable
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .dataLoss
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: return .failedPrecondition
        case .SQLITE_INTERRUPT: return .cancelled
        default: return .internalError
        }
    }

    private static func hint(_ result: ResultCode) -> String? {
        switch result {
        case .SQLITE_FULL: "free space on the disk of the data directory"
        case .SQLITE_BUSY, .SQLITE_LOCKED: "another process may have the database open; try again"
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: "restore the data directory from a backup"
        default: nil
        }
    }
}
