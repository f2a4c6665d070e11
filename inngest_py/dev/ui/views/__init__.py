"""What the pages show, as frozen values: made from records, without asking anybody. Times are Unix milliseconds."""
