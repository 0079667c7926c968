-- What the procedures stand on. Statements end with a line of two slashes.
CREATE DATABASE 前置库 CHARACTER SET utf8mb4
//
-- What is handed over to the desk, and what comes back from it.
CREATE TABLE 前置库.待办 (
    编号 BIGINT AUTO_INCREMENT PRIMARY KEY, 交易 VARCHAR(64) NOT NULL, 参数 LONGTEXT NOT NULL
) ENGINE = InnoDB
//
CREATE TABLE 前置库.回复 (
    编号 BIGINT PRIMARY KEY, 结果 LONGTEXT, 错误 VARCHAR(500)
) ENGINE = InnoDB
//
-- Hands a call over and waits for the answer. What others are to see is committed.
CREATE PROCEDURE 前置库.转办_(IN p_trade VARCHAR(64), IN p_asked LONGTEXT, OUT p_answer LONGTEXT)
BEGIN
    DECLARE v_no BIGINT;
    DECLARE v_is_answered BOOLEAN DEFAULT FALSE;
    DECLARE v_error VARCHAR(500);
    INSERT INTO 前置库.待办 (交易, 参数) VALUES (p_trade, p_asked);
    SET v_no = LAST_INSERT_ID();
    COMMIT;
    WHILE NOT v_is_answered DO
        DO SLEEP(0.004);
        SELECT TRUE, 结果, 错误 INTO v_is_answered, p_answer, v_error FROM 前置库.回复 WHERE 编号 = v_no;
        COMMIT;
    END WHILE;
    DELETE FROM 前置库.回复 WHERE 编号 = v_no;
    COMMIT;
    IF v_error IS NOT NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_error;
    END IF;
END
//
-- Returns when there is something to do, or nothing has come for a while.
CREATE PROCEDURE 前置库.等件_()
BEGIN
    DECLARE v_looks INT DEFAULT 0;
    WHILE v_looks < 20 AND NOT EXISTS (SELECT 1 FROM 前置库.待办) DO
        DO SLEEP(0.003);
        SET v_looks = v_looks + 1;
    END WHILE;
END
//
