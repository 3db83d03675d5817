# Results of a study by Asterism's API, in R. It needs httr2 and jsonlite:
#   install.packages(c("httr2", "jsonlite"))
# Usage: Rscript example.R ADDRESS STUDY, with the token in the variable ASTERISM_TOKEN.
library(httr2)

arguments <- commandArgs(trailingOnly = TRUE)
address <- arguments[1]
study <- arguments[2]

api <- request(address) |>
  req_url_path("api/v1/studies") |>
  req_auth_bearer_token(Sys.getenv("ASTERISM_TOKEN")) |>
  # The server's own sentence, such as "This token may not do this: it lacks the scope write."
  req_error(body = \(answer) resp_body_json(answer)$error$message)

get <- function(...) {
  api |> req_url_path_append(...) |> req_perform()
}

# Results are computed in the background; 202 says that there are none yet.
for (attempt in 1:300) {
  answer <- get(study, "results")
  if (resp_status(answer) == 200) break
  Sys.sleep(2)
}
stopifnot(resp_status(answer) == 200)
results <- resp_body_json(answer, simplifyVector = TRUE)
clips <- results$clips$label

# The pairs come as (1, 2), (1, 3), ..., (2, 3), ...: column by column of the lower triangle. Null is NA: nobody saw that pair.
pairs <- resp_body_json(get(study, "results", "rdms", "group"), simplifyVector = TRUE)
rdm <- matrix(0, length(clips), length(clips), dimnames = list(clips, clips))
rdm[lower.tri(rdm)] <- as.numeric(pairs$rdm)
rdm <- rdm + t(rdm)

sessions <- resp_body_json(get(study, "sessions"), simplifyVector = TRUE)$sessions
print(sessions[, c("rater", "state", "trials", "minutes")])
print(round(rdm, 3))
if (!anyNA(rdm)) print(hclust(as.dist(rdm), method = "average")$merge)
