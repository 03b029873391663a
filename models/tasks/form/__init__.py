"""What kind of text an article is: a report, an opinion piece, a review, ..."""
