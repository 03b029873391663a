"""From an article to what the network reads: tokens, windows, stance inputs. No torch."""
