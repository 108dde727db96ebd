"""OpenAI's languages that are handed on as they are: moderations, audio, images."""
