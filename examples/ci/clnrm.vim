" The findings of `clnrm lint --format github` in the quickfix list: :make
setlocal makeprg=clnrm\ lint\ --format\ github\ %:S
setlocal errorformat=%f:%l:%c:\ %trror:\ %m,%f:%l:%c:\ %tarning:\ %m,%f:%l:%c:\ %tote:\ %m
