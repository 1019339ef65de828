"""The console's templates: self-contained HTML, no scripts, nothing from elsewhere."""
